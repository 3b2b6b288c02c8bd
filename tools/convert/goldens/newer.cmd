vmprof-convert profiles/newer.prof
