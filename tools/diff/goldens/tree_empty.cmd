vmprof-diff -t profiles/empty.prof profiles/simple.prof
