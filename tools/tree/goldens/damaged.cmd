vmprof-tree profiles/flipped.prof
