vmprof-tree profiles/empty.data
