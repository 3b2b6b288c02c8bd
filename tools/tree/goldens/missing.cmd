vmprof-tree profiles/no.prof
