vmprof-convert --json profiles/names.prof
