vmprof-convert --collapsed profiles/killed.prof
