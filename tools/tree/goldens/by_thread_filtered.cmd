vmprof-tree --by=thread --thread=MainThread --focus=work profiles/threads.prof
