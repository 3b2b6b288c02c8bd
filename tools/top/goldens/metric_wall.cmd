vmprof-top --metric=wall profiles/weights.prof
