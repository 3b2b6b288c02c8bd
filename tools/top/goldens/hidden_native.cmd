vmprof-top --native profiles/native.prof
