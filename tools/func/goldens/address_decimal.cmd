vmprof-func profiles/recursion.prof 8192
