vmprof-merge --metric=cpu profiles/recursion.prof
