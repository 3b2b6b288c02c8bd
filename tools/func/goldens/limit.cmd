vmprof-func -n 2 profiles/many.prof '<module>'
