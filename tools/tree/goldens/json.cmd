vmprof-tree --format=json profiles/recursion.prof
