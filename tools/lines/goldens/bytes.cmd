vmprof-lines profiles/bytes.prof
