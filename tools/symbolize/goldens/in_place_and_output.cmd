vmprof-symbolize --in-place -o x.prof profiles/native.prof
