vmprof-func profiles/recursion.prof 0x2000
