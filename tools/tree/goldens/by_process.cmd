vmprof-tree --by=process profiles/threads.prof
