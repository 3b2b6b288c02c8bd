mkdir old && cp x.py old/ && touch -d 2020-01-01 old/x.py && vmprof-lines --source-dir=old profiles/simple.prof
