vmprof-info --blocks --columns -n 0 profiles/wall.prof
