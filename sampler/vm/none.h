/* none.h: a process without an interpreter: all its frames are native. */
#ifndef VMPROF_SAMPLER_VM_NONE_H
#define VMPROF_SAMPLER_VM_NONE_H

#include "sampler/vm/vm.h"

extern const struct vmps_vm_ops vmps_none_ops;

#endif
