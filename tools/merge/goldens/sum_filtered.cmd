vmprof-merge --sum --focus=g --hide=m profiles/recursion.prof && vmprof-merge --hide=m -o b.prof --focus=g --sum profiles/recursion.prof && cmp merged.prof b.prof
