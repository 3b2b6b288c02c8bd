vmprof-symbolize --help
