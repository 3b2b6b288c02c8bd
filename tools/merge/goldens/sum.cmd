vmprof-merge --sum profiles/simple.prof profiles/recursion.prof && cp merged.prof a.prof && vmprof-merge --sum a.prof && cmp a.prof merged.prof
