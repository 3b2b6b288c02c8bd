vmprof-record
