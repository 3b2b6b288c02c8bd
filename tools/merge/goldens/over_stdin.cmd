vmprof-merge -o profiles/simple.prof profiles/other.prof - <profiles/simple.prof
