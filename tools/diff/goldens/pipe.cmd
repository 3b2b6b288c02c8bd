cat profiles/other.prof | vmprof-diff profiles/simple.prof -
