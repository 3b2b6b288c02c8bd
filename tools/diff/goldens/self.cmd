vmprof-diff --sort=self -n 2 --addr profiles/simple.prof profiles/other.prof
