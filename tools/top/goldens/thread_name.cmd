vmprof-top --thread=worker-1 profiles/threads.prof
