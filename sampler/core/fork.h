/* fork.h: what happens at fork(): the parent goes on, the child is left alone. */
#ifndef VMPROF_SAMPLER_CORE_FORK_H
#define VMPROF_SAMPLER_CORE_FORK_H

/* vmps_fork_register() once a process; again does nothing. 0 or an errno. */
int vmps_fork_register(void);

#endif
