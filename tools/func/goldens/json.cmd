vmprof-func --format=json profiles/recursion.prof f
