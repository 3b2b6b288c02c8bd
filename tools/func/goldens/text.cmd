vmprof-func profiles/simple.prof f
