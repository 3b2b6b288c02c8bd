vmprof-lines --kind=native profiles/simple.prof
