vmprof-func profiles/recursion.prof profiles/simple.prof f
