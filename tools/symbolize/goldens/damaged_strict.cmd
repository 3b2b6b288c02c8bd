vmprof-symbolize --strict profiles/flipped.prof
