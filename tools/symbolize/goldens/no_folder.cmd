vmprof-symbolize -o /no/such/folder/x profiles/native.prof
