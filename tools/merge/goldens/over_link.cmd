ln -s profiles/simple.prof merged.prof; vmprof-merge profiles/simple.prof
