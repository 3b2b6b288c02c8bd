vmprof-info --verify profiles/empty.data
