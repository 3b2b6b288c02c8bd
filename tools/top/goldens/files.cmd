vmprof-top profiles/simple.prof profiles/other.prof
