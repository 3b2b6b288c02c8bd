vmprof-top --label=state=^waiting --label=request profiles/labels.prof
