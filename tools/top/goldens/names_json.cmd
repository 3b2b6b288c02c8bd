vmprof-top --format=json profiles/names.prof
