vmprof-tree --min-share=2x profiles/simple.prof
