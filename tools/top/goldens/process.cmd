vmprof-top --process=300 profiles/threads.prof
