vmprof-convert --callgrind profiles/threads.prof
