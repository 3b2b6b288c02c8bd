vmprof-top profiles/simple.prof profiles/bytes.prof
