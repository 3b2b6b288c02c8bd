vmprof-top --sort=self profiles/simple.prof
