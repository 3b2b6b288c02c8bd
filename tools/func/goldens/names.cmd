vmprof-func profiles/names.prof '日本語'
