vmprof-info -b -n 3 profiles/many.prof
