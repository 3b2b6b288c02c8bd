vmprof-top profiles/weights.prof profiles/wall.prof
