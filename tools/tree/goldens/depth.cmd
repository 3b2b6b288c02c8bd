vmprof-tree --depth=2 profiles/recursion.prof
