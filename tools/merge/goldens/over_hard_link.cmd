ln profiles/simple.prof x.prof; vmprof-merge -o x.prof profiles/simple.prof
