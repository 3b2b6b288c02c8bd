vmprof-top profiles/memory.prof
