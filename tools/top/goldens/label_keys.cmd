vmprof-top $(printf -- '--label=k%d ' {1..32}) profiles/labels.prof
