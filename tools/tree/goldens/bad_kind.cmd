vmprof-tree --kind=java profiles/simple.prof
