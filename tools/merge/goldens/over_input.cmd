cp profiles/simple.prof merged.prof; vmprof-merge merged.prof profiles/other.prof
