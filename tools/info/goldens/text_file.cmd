vmprof-info profiles/text.data
