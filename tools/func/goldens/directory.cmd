vmprof-func profiles f
