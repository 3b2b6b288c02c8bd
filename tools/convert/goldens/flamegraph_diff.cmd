vmprof-convert --flamegraph --diff=profiles/simple.prof profiles/other.prof | grep '^<g\|^<desc\|samples\|before\|self'
