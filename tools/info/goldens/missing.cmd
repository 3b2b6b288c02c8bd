vmprof-info
