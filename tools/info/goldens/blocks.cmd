vmprof-info --blocks profiles/many.prof
