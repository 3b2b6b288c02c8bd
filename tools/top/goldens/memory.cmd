vmprof-top --metric=memory profiles/memory.prof
