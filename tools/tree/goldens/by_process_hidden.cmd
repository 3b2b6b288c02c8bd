vmprof-tree --by=process --kind=native --hide=. profiles/native.prof
