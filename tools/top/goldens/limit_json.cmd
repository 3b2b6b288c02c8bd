vmprof-top -n 1 --format=json profiles/many.prof
