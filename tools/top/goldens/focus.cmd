vmprof-top --focus=g --ignore=nothing profiles/simple.prof
