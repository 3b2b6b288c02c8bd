vmprof-top --format=json profiles/empty.prof
