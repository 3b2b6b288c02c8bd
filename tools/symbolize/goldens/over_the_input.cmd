vmprof-symbolize -o profiles/native.prof profiles/native.prof
