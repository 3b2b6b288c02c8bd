vmprof-top --from=61ms --to=0.091 profiles/simple.prof
