vmprof-lines profiles/simple.prof
