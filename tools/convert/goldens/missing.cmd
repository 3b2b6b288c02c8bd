vmprof-convert --collapsed nowhere.prof
