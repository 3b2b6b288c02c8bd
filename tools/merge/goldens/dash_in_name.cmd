cp profiles/simple.prof ./-x; vmprof-merge -- -x && cmp merged.prof ./-x
