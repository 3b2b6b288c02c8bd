vmprof-func
