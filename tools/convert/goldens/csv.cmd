vmprof-convert --csv profiles/names.prof
