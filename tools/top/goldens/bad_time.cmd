vmprof-top --from=noon
