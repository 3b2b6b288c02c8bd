vmprof-record --pid=3 -- true; vmprof-record --lines true; vmprof-record -p 12
