vmprof-diff --tree -b --addr profiles/recursion.prof profiles/simple.prof
