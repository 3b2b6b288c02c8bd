vmprof-top profiles/text.data
