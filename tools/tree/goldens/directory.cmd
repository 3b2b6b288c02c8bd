vmprof-tree profiles
