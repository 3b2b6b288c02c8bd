mkdir -p s/lib && cp x.py s/lib/ && touch -d 2020-01-01 s/lib/x.py && vmprof-lines --source-dir=none --source-dir=s/lib --format=json --func=h profiles/simple.prof
