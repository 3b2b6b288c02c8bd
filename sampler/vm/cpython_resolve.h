/* cpython_resolve.h: finds CPython in the process, and checks that its layout is what we think. */
#ifndef VMPROF_SAMPLER_VM_CPYTHON_RESOLVE_H
#define VMPROF_SAMPLER_VM_CPYTHON_RESOLVE_H

#include "sampler/vm/cpython_walk.h"
#include "sampler/vm/vm.h"

extern const struct vmps_vm_ops vmps_cpython_ops;

/* peek_cpython_*.c: the two of cpython_walk.h for another thread's stack. */
vmps_walk_status vmps_peek_cpython_walk(struct vmps_walk *walk);
bool vmps_peek_cpython_describe(struct vmps_walk *walk, uint64_t code_address,
                                struct vmps_code *code);
/* guarded_cpython_*.c: and for one that runs. */
vmps_walk_status vmps_guarded_cpython_walk(struct vmps_walk *walk);
bool vmps_guarded_cpython_describe(struct vmps_walk *walk, uint64_t code_address,
                                   struct vmps_code *code);
vmps_walk_status vmps_guarded_cpython_identify(struct vmps_walk *walk,
                                               struct vmps_walk_frame *frame);

/* vmps_cpython_threads_open() finds what the two operations thread_of and is_lock need; where it does not, they know nothing. */
void vmps_cpython_threads_open(struct vmps_cpython *cpython);
uint64_t vmps_cpython_thread_of(const struct vmps_vm *vm, pid_t thread_id, uint64_t known);
bool vmps_cpython_is_lock(const struct vmps_vm *vm, uint64_t address);

/* vmps_cpython_check() is the operation `check`: every known frame must be found, in order, with the
 * same code, name, file, first line and, but for the first, which runs on, instruction. */
vmps_status vmps_cpython_check(const struct vmps_vm *vm, const struct vmps_known_frame *frames,
                               size_t frame_count, struct vmps_error *err);

#endif
