vmprof-tree --from=2 --to=1 profiles/simple.prof
