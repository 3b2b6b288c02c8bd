vmprof-merge profiles
