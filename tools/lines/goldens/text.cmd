vmprof-lines profiles/names.prof
