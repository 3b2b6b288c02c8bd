vmprof-tree -b --fold-recursion profiles/recursion.prof
