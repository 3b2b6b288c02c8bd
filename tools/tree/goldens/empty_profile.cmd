vmprof-tree profiles/empty.prof
