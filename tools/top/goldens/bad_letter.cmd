vmprof-top -Z
