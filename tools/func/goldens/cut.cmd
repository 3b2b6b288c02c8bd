vmprof-func profiles/cut.prof f
