LC_ALL=C vmprof-diff -t --sort=name profiles/simple.prof profiles/other.prof
