vmprof-func profiles/no.prof f
