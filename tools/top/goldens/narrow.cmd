COLUMNS=60 vmprof-top --color=always profiles/names.prof
