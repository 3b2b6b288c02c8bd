vmprof-top --kind=native,kernel profiles/native.prof
