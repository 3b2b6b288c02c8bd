vmprof-diff profiles/cut.prof profiles/simple.prof
