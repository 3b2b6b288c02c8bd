mkdir old && printf 'a\n\tb\tc\033[31m\rd\n\342\200\256' > old/x.py && touch -d 2020-01-01 old/x.py && COLUMNS=60 vmprof-lines --source-dir=old --context=30 -n 1 profiles/simple.prof
