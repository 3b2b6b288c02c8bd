vmprof-diff --tree --format=json profiles/simple.prof profiles/other.prof
