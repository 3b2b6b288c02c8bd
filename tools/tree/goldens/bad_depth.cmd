vmprof-tree --depth=-1 profiles/simple.prof
