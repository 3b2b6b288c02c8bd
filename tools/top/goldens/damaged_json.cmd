vmprof-top --format=json profiles/flipped.prof
