vmprof-tree profiles/native.prof
