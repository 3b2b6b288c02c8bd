vmprof-record --period=1 true; vmprof-record --period=19us true; vmprof-record --period=soon true
