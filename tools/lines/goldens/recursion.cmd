vmprof-lines profiles/recursion.prof
