vmprof-func --format=xml profiles/simple.prof f
