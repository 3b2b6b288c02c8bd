vmprof-tree --native --virtual-only profiles/simple.prof
