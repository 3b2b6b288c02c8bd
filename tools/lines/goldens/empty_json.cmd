vmprof-lines --format=json profiles/empty.prof
