vmprof-merge $'no\nsuch.prof'
