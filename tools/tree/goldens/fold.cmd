vmprof-tree --fold-recursion profiles/recursion.prof
