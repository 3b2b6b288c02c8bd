vmprof-diff --depth=3 profiles/simple.prof profiles/other.prof
