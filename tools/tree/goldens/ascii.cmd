LC_ALL=C vmprof-tree profiles/recursion.prof
