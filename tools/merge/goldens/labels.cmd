vmprof-merge profiles/killed.prof profiles/labels.prof && tail -c $(stat -c %s profiles/labels.prof) merged.prof | cmp - profiles/labels.prof
