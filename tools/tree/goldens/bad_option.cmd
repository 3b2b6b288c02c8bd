vmprof-tree --no-such
