vmprof-diff --tree --min-share=2x profiles/simple.prof profiles/other.prof
