vmprof-lines profiles/empty.prof
