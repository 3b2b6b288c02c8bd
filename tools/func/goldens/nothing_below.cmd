vmprof-func profiles/simple.prof g
