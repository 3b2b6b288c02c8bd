vmprof-func --help
