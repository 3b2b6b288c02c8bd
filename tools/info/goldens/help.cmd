vmprof-info --help
