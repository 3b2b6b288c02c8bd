vmprof-top --kind=py,perl
