cat profiles/other.prof | vmprof-diff - -
