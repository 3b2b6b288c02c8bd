cp profiles/simple.prof out.prof && vmprof-info
