vmprof-merge --strict profiles/flipped.prof && ls
