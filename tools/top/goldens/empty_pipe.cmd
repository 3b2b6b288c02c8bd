printf '' | vmprof-top
