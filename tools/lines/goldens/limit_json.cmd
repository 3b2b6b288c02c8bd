vmprof-lines -n 1 --format=json profiles/simple.prof
