vmprof-convert --csv --icicle profiles/simple.prof
