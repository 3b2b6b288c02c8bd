vmprof-convert --pprof profiles/labels.prof | gunzip | od -An -tx1 -v
