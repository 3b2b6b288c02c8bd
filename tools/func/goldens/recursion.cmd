vmprof-func profiles/recursion.prof g
