vmprof-diff profiles/simple.prof nowhere.prof
