vmprof-func --strict profiles/flipped.prof f
