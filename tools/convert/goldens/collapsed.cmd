vmprof-convert --collapsed profiles/labels.prof
