vmprof-tree --native --addr profiles/native.prof
