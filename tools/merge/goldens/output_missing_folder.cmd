vmprof-merge -o no/such/x.prof profiles/simple.prof
