vmprof-top profiles/simple.prof
