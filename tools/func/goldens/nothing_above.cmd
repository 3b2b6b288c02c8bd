vmprof-func profiles/simple.prof '<module>'
