vmprof-symbolize profiles/native.prof && vmprof-symbolize symbolized.prof
