vmprof-func --native profiles/native.prof __memcpy_avx:libc.so.6:0
