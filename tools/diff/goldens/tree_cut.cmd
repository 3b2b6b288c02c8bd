vmprof-diff --tree -n 2 --depth=2 --min-share=50% profiles/recursion.prof profiles/simple.prof
