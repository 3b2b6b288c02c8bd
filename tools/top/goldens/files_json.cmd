vmprof-top --format=json profiles/other.prof profiles/simple.prof
