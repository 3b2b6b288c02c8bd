vmprof-top profiles/native_only.prof
