vmprof-top --frobnicate
