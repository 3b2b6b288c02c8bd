echo old >merged.prof; vmprof-merge profiles/simple.prof && cmp merged.prof profiles/simple.prof
