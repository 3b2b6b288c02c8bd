vmprof-top --format=csv profiles/jit.prof
