vmprof-symbolize nowhere.prof
