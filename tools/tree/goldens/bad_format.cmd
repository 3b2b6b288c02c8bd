vmprof-tree --format=xml profiles/simple.prof
