vmprof-diff -t --fold-recursion --addr profiles/recursion.prof profiles/simple.prof
