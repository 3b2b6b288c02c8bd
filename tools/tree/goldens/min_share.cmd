vmprof-tree --min-share=25% profiles/recursion.prof
