vmprof-merge -o profiles profiles/simple.prof
