vmprof-merge profiles/empty.data
