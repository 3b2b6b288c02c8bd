vmprof-tree --help
