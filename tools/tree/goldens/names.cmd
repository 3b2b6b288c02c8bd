vmprof-tree profiles/names.prof
