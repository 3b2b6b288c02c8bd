vmprof-merge
