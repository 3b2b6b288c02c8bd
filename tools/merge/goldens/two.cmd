vmprof-merge profiles/simple.prof profiles/other.prof && cmp merged.prof <(cat profiles/simple.prof profiles/other.prof) && ls merged.prof*
