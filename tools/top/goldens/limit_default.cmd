vmprof-top profiles/many.prof
