vmprof-top --format=xml
