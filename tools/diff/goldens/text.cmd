vmprof-diff profiles/simple.prof profiles/other.prof
