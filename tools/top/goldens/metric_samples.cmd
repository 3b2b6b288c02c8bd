vmprof-top --metric=samples profiles/weights.prof
