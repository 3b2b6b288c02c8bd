vmprof-top profiles/killed.prof
