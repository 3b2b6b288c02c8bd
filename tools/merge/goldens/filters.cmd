vmprof-merge --hide=^h --focus=g --to=50ms profiles/flipped.prof profiles/simple.prof && vmprof-merge --focus=g --to=50ms --hide=^h -o b.prof merged.prof && cmp merged.prof b.prof && ls merged.prof*
