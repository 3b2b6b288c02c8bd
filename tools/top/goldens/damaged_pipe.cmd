cat profiles/flipped.prof | vmprof-top
