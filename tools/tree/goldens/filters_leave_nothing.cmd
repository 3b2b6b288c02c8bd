vmprof-tree --focus=nothing profiles/simple.prof
