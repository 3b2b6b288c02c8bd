vmprof-diff --metric=heap profiles/simple.prof profiles/wall.prof
