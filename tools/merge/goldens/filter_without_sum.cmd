vmprof-merge --focus=g profiles/recursion.prof
