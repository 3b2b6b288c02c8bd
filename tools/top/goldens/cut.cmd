vmprof-top profiles/cut.prof
