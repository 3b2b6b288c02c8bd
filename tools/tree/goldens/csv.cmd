vmprof-tree --format=csv profiles/recursion.prof
