vmprof-record -o "" true
