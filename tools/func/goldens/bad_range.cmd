vmprof-func --from=2 --to=1 profiles/simple.prof f
