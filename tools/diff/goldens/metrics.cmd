vmprof-diff profiles/simple.prof profiles/wall.prof
