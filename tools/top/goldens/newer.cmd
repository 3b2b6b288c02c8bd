vmprof-top profiles/newer.prof
