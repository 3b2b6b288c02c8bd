vmprof-record --wall -- true; vmprof-record --native true; vmprof-record -p 12
