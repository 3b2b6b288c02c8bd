vmprof-info --format=csv profiles/simple.prof profiles/killed.prof
