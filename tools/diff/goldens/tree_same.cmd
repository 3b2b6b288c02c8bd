vmprof-diff --tree profiles/simple.prof profiles/simple.prof
