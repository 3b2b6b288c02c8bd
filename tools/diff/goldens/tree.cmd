vmprof-diff --tree profiles/simple.prof profiles/other.prof
