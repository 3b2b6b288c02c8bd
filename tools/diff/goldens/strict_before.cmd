vmprof-diff --strict -n 1 profiles/cut.prof profiles/simple.prof
