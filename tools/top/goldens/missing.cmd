vmprof-top nowhere.prof
