vmprof-top --limit=0 profiles/many.prof | wc -l
