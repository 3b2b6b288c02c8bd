vmprof-tree profiles/recursion.prof
