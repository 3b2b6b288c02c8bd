vmprof-top --strict profiles/flipped.prof profiles/simple.prof
