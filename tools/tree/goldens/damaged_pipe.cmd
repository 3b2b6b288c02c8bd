cat profiles/flipped.prof | vmprof-tree
