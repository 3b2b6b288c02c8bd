vmprof-top --ignore=g profiles/simple.prof
