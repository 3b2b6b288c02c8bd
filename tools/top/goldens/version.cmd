vmprof-top --version
