vmprof-info --verify profiles/killed.prof
