vmprof-diff profiles/empty.prof profiles/empty.prof
