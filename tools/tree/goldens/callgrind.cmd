printf 'events: Ir\nfl=a.c\nfn=main\n1 5\ncfn=f\ncalls=1 9\n2 70\ncfi=b.c\ncfn=g\ncalls=2 3\n3 25\nfn=f\n10 20\ncfi=b.c\ncfn=g\ncalls=1 3\n11 50\nfl=b.c\nfn=g\n4 75\n' | vmprof-tree -
