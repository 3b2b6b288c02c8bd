vmprof-tree --by=thread profiles/threads.prof
