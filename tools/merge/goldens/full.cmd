vmprof-merge -o /dev/full profiles/simple.prof
