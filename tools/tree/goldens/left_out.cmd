vmprof-tree -n 2 --depth=2 --min-share=0.25 profiles/recursion.prof
