vmprof-convert --collapsed --focus='^f' --hide='^m' --kind=py profiles/native.prof
