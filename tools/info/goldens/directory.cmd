vmprof-info profiles
