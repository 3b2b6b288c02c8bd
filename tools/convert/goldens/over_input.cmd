vmprof-convert --collapsed profiles/simple.prof -o profiles/simple.prof
