vmprof-convert --flamegraph --diff=profiles/wall.prof profiles/bytes.prof
