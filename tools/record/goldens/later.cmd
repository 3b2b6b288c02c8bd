vmprof-record --follow -- true; vmprof-record --native true; vmprof-record -p 12
