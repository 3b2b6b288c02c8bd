vmprof-convert --pstats profiles/recursion.prof | od -An -tx1 -v
