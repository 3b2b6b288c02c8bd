vmprof-convert --perf-script profiles/labels.prof
