vmprof-top --focus='('
