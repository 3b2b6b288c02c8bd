vmprof-convert --collapsed --csv profiles/simple.prof
