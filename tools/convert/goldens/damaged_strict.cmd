vmprof-convert --strict profiles/flipped.prof -o x.prof
