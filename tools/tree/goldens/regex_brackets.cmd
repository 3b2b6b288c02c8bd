vmprof-tree --focus='[]\1{9}[:alpha:]][{]?' profiles/simple.prof
