vmprof-top profiles
