vmprof-tree profiles/newer.prof
