vmprof-convert --collapsed --metric=memory profiles/bytes.prof
