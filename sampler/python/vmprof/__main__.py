"""python -m vmprof"""
from vmprof._command import main

if __name__ == '__main__':
    main()
