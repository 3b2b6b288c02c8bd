vmprof-convert --flamegraph --icicle --title='a <title>' profiles/recursion.prof | grep '^<g\|^<title\|^<text'
