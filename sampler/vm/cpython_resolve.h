/* cpython_resolve.h: finds CPython in the process, and checks that its layout is what we think. */
#ifndef VMPROF_SAMPLER_VM_CPYTHON_RESOLVE_H
#define VMPROF_SAMPLER_VM_CPYTHON_RESOLVE_H

#include "sampler/vm/cpython_walk.h"
#include "sampler/vm/vm.h"

extern const struct vmps_vm_ops vmps_cpython_ops;

/* vmps_cpython_check() is the operation `check`: every known frame must be found, in order, with the
 * same code, name, file, first line and, but for the first, which runs on, instruction. */
vmps_status vmps_cpython_check(const struct vmps_vm *vm, const struct vmps_known_frame *frames,
                               size_t frame_count, struct vmps_error *err);

#endif
