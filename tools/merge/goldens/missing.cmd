vmprof-merge profiles/no.prof
