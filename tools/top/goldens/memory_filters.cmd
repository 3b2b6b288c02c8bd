vmprof-top --metric=memory --addr --thread=helper --sort=self --hide="^b" profiles/memory.prof
