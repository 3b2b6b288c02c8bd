vmprof-diff --tree --absolute --significant --color=always profiles/simple.prof profiles/other.prof
