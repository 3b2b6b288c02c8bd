vmprof-top $'no\nwhere\e[31m.prof'
