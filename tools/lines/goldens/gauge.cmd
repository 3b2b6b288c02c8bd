vmprof-lines --metric=samples profiles/weights.prof
