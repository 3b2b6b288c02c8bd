vmprof-tree --by=label:state profiles/labels.prof
