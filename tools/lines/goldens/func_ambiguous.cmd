vmprof-lines --func=f profiles/simple.prof profiles/names.prof profiles/recursion.prof profiles/other.prof
