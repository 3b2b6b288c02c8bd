vmprof-lines --help
