vmprof-top profiles/names.prof
