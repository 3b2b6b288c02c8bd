vmprof-merge profiles/empty.prof profiles/simple.prof && vmprof-merge --sum profiles/empty.prof -o s.prof
