vmprof-top profiles/recursion.prof
