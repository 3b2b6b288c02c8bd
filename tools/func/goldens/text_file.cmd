vmprof-func profiles/text.data f
