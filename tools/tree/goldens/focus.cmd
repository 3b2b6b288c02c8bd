vmprof-tree --focus=g profiles/recursion.prof
