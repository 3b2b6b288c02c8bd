vmprof-tree profiles/bytes.prof
