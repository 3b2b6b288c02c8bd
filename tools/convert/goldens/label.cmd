vmprof-convert --collapsed --label=state=running profiles/labels.prof && vmprof-convert --perf-script --label=state=running profiles/labels.prof
