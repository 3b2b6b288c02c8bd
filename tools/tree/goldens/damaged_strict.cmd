vmprof-tree --strict profiles/flipped.prof
