cat profiles/simple.prof | vmprof-merge -o - - profiles/other.prof | cmp - <(cat profiles/simple.prof profiles/other.prof)
