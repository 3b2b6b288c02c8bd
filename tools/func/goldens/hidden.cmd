vmprof-func profiles/native.prof '<hidden>'
