vmprof-func --no-such
