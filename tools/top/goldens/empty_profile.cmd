vmprof-top profiles/empty.prof
