vmprof-diff --hide=h --focus=f profiles/simple.prof profiles/other.prof
