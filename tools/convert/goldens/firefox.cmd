vmprof-convert --firefox profiles/labels.prof
