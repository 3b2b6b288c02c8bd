vmprof-lines --sort=name -n 3 profiles/simple.prof profiles/other.prof
