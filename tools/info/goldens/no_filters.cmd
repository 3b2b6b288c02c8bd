vmprof-info --focus=f profiles/simple.prof
