vmprof-diff --tree --format=csv profiles/recursion.prof profiles/simple.prof
