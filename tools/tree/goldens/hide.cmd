vmprof-tree --hide=f profiles/recursion.prof
