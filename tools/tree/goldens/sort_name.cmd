vmprof-tree --sort=name profiles/simple.prof
