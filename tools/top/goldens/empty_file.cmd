vmprof-top profiles/empty.data
