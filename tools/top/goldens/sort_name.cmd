vmprof-top --sort name profiles/simple.prof
