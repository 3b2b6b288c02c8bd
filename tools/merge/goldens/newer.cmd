vmprof-merge profiles/newer.prof
