vmprof-top --metric=heap profiles/weights.prof
