vmprof-convert --gperftools profiles/labels.prof | od -An -tx1 -v
