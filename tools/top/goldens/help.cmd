vmprof-top --help
