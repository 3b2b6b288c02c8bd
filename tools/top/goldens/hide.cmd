vmprof-top --hide='^[gh]$' profiles/simple.prof
