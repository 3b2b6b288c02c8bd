vmprof-info -b --format=csv profiles/flipped.prof
