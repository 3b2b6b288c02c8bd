vmprof-tree --metric=memory profiles/memory.prof
