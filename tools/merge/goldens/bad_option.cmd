vmprof-merge --format=json profiles/simple.prof
