vmprof-tree --format=json profiles/empty.prof
