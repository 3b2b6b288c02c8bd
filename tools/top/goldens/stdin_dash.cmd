cat profiles/simple.prof | vmprof-top - profiles/other.prof
