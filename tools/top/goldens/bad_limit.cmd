vmprof-top -n many
