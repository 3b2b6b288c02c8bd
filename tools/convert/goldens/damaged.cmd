vmprof-convert --collapsed profiles/flipped.prof
