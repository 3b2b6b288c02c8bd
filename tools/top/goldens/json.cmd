vmprof-top --format=json profiles/simple.prof
