vmprof-top --thread=300 --thread=100 profiles/threads.prof
