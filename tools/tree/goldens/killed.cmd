vmprof-tree profiles/killed.prof
