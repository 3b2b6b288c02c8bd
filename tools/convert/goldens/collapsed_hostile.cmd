vmprof-convert --collapsed profiles/names.prof
