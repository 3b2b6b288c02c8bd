cat profiles/simple.prof | vmprof-top --sort=self
