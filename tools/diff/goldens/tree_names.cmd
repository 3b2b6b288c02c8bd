COLUMNS=60 vmprof-diff -t --metric=samples profiles/names.prof profiles/bytes.prof
