vmprof-top --focus=nobody profiles/simple.prof
