vmprof-lines --func=nobody profiles/simple.prof
