COLUMNS=60 vmprof-tree --color=always profiles/names.prof
