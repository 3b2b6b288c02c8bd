vmprof-convert --vmprof-log profiles/jit.prof | od -An -tx1 -v
