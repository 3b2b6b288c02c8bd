vmprof-tree --by=label:request --label=state -n 0 profiles/labels.prof profiles/labels.prof
