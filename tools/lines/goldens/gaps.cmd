touch -d 2020-01-01 x.py && vmprof-lines --context=1 -n 3 --sort=total --source-dir=. profiles/simple.prof
