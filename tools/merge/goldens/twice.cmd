vmprof-merge profiles/simple.prof profiles/simple.prof && stat -c %s merged.prof profiles/simple.prof
