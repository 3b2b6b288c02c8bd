vmprof-func profiles/killed.prof f
