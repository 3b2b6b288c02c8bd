vmprof-tree profiles/jit.prof
