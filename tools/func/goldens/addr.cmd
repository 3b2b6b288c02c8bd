vmprof-func --addr --sort=name profiles/simple.prof f
