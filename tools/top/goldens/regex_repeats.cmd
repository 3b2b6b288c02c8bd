vmprof-top --hide='((a{1,200}){1,200}){1,200}' profiles/simple.prof
