cp profiles/simple.prof ./-x && vmprof-top -- -x
