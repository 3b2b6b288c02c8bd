vmprof-diff --help
