vmprof-top --label=nobody profiles/simple.prof
