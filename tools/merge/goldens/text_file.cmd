vmprof-merge profiles/text.data
