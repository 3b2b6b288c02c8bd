vmprof-func --native --virtual-only profiles/simple.prof f
