vmprof-diff profiles/simple.prof profiles/jit.prof
