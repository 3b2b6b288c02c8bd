vmprof-diff -b profiles/recursion.prof profiles/simple.prof
