vmprof-merge profiles/killed.prof && vmprof-merge -o again.prof merged.prof && cmp again.prof merged.prof
