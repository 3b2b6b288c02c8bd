vmprof-func --version
