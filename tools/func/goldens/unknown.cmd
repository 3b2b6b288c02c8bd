vmprof-func profiles/simple.prof nothing
