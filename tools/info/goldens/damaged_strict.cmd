vmprof-info --columns --strict profiles/cut.prof
