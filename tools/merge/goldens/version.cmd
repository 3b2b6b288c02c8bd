vmprof-merge --version
