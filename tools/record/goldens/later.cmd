vmprof-record --wall -- true; vmprof-record --lines true; vmprof-record -p 12
