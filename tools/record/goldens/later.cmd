vmprof-record --follow -- true; vmprof-record --lines true; vmprof-record -p 12
