vmprof-info --format=json profiles/empty.prof
