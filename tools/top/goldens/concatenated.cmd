cat profiles/simple.prof profiles/other.prof | vmprof-top --format=csv
