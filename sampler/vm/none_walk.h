/* none_walk.h: the walk of a process without an interpreter. */
#ifndef VMPROF_SAMPLER_VM_NONE_WALK_H
#define VMPROF_SAMPLER_VM_NONE_WALK_H

#include "sampler/signal/walk_sig.h"

vmps_walk_status vmps_none_walk(struct vmps_walk *walk);
bool vmps_none_describe(struct vmps_walk *walk, uint64_t code_address, struct vmps_code *code);

#endif
