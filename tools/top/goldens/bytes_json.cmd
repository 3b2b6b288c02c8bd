vmprof-top --format=json profiles/bytes.prof
