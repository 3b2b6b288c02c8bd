vmprof-tree profiles/cut.prof
