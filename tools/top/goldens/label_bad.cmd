vmprof-top --label==running profiles/labels.prof; vmprof-top '--label=state=(' profiles/labels.prof; vmprof-top --label= profiles/labels.prof
