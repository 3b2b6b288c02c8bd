vmprof-func --kind=java profiles/simple.prof f
