vmprof-diff profiles/simple.prof profiles/simple.prof profiles/simple.prof
