vmprof-func --ignore=h profiles/simple.prof h
