vmprof-top --metric=memory --format=json -n 2 < profiles/memory.prof
