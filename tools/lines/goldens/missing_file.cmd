vmprof-lines nowhere.prof
