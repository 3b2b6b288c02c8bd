vmprof-convert --collapsed --metric=samples profiles/weights.prof profiles/simple.prof
