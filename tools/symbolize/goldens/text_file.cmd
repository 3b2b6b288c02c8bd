vmprof-symbolize profiles/text.data
