vmprof-diff --format=json profiles/simple.prof profiles/other.prof
