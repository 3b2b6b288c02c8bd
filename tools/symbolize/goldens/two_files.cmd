vmprof-symbolize a.prof b.prof
