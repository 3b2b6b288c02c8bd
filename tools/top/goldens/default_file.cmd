cp profiles/simple.prof out.prof && vmprof-top
