vmprof-convert --lossless --collapsed profiles/simple.prof
