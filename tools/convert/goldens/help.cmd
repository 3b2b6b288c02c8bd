vmprof-convert --help
