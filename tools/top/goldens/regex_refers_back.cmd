vmprof-top --focus='(a*)*\1$' profiles/simple.prof
