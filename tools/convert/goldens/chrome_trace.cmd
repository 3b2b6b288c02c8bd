vmprof-convert --chrome-trace profiles/labels.prof
