vmprof-diff
