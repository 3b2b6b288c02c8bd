vmprof-merge --virtual-only profiles/native.prof
