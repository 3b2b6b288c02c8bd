vmprof-tree profiles/simple.prof
