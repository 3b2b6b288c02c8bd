COLUMNS=400 vmprof-tree profiles/names.prof
