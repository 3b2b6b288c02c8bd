vmprof-top --from=2 --to=1
