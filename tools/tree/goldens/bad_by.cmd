vmprof-tree --by=label profiles/simple.prof
