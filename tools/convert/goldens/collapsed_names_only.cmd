vmprof-convert --collapsed --names-only profiles/labels.prof
