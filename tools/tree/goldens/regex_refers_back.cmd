vmprof-tree --focus='(a*)*\1$' profiles/simple.prof
