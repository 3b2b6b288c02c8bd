vmprof-diff --format=json profiles/simple.prof profiles/simple.prof
