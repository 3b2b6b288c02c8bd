vmprof-tree --version
