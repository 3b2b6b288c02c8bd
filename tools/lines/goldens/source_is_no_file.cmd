mkdir -p old/x.py && vmprof-lines --source-dir=old -n 1 profiles/names.prof
