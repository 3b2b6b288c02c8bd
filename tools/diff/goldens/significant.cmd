vmprof-diff --significant --sort=name profiles/simple.prof profiles/other.prof
