vmprof-tree --focus='(' profiles/simple.prof
