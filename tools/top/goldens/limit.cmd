vmprof-top -n 5 profiles/many.prof
