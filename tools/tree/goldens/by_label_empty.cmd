vmprof-tree --by=label: profiles/labels.prof
