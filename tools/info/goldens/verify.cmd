vmprof-info --verify profiles/simple.prof
