vmprof-tree --bottom-up profiles/recursion.prof
