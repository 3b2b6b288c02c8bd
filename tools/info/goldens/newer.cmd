vmprof-info profiles/newer.prof
