vmprof-tree profiles/text.data
