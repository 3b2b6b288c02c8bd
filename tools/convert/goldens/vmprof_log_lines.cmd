vmprof-convert --vmprof-log profiles/labels.prof | od -An -tx1 -v
