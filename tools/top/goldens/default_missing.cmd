vmprof-top
