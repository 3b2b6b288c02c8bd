vmprof-lines --format=csv profiles/simple.prof profiles/other.prof
