vmprof-merge -o x.prof profiles/simple.prof && cmp x.prof profiles/simple.prof
