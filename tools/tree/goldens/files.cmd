vmprof-tree profiles/simple.prof profiles/other.prof
