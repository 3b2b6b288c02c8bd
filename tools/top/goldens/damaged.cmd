vmprof-top profiles/flipped.prof
