vmprof-func profiles/newer.prof f
