vmprof-top --addr profiles/simple.prof profiles/other.prof
