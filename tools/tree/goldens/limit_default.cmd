vmprof-tree profiles/many.prof
