vmprof-diff profiles/simple.prof
