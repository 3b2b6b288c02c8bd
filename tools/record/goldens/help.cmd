vmprof-record --help
