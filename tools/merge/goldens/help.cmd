vmprof-merge --help
