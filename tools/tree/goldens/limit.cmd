vmprof-tree -n 3 profiles/many.prof
