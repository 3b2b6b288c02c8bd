vmprof-convert --flamegraph profiles/labels.prof | grep -v '^ *//' | sed '/<script>/,$d'
