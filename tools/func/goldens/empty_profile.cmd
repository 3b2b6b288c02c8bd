vmprof-func profiles/empty.prof f
