vmprof-top --format=csv profiles/names.prof
