vmprof-lines --context=-1 profiles/simple.prof
