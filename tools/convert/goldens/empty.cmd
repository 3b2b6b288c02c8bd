vmprof-convert --collapsed profiles/empty.prof
