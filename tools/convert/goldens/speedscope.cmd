vmprof-convert --speedscope profiles/labels.prof
