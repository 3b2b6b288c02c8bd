vmprof-func --focus='(' profiles/simple.prof f
