vmprof-diff profiles/simple.prof profiles/empty.prof
