vmprof-top --hide=f --focus=h profiles/simple.prof; vmprof-top --focus=h --hide=f profiles/simple.prof
