vmprof-top profiles/simple.prof nowhere.prof
