vmprof-func profiles/empty.data f
