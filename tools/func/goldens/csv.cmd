vmprof-func --format=csv profiles/recursion.prof f
