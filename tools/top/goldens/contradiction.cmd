vmprof-top --native --virtual-only
