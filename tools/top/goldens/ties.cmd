vmprof-top profiles/ties.prof
