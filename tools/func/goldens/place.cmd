vmprof-func profiles/simple.prof g:x.py:8
