vmprof-top profiles/native.prof
