vmprof-diff --absolute profiles/simple.prof profiles/other.prof
