vmprof-func profiles/flipped.prof f
