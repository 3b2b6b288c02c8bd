vmprof-diff --format=csv profiles/other.prof profiles/simple.prof
