vmprof-lines --format=json profiles/names.prof
