vmprof-lines profiles/cut.prof
