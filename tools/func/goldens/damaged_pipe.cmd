cat profiles/flipped.prof | vmprof-func - f
