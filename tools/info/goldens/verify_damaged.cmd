vmprof-info --verify profiles/simple.prof profiles/flipped.prof
