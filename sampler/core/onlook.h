/* onlook.h: the code of another thread's stack, told to the recording from outside of that thread.
 *
 * Thread: one at a time.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_ONLOOK_H
#define VMPROF_SAMPLER_CORE_ONLOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/signal/state_sig.h"
#include "sampler/vm/vm.h"

struct vmps_onlook {
    struct vmps_recording *recording;
    const struct vmps_vm *vm;
    uint8_t *texts; /* of code that is seen here first; NULL until then */
};

void vmps_onlook_fini(struct vmps_onlook *onlook);

/* vmps_onlook_walk_init() makes a walk of the stack of the thread that the VM's adapter knows by state. memory: walk->thread_memory. */
void vmps_onlook_walk_init(const struct vmps_onlook *onlook, struct vmps_walk *walk, uint64_t state,
                           uint64_t *memory);

/* vmps_onlook_code() gives the number of code that a walk found; 0: the recording does not know it yet.  vmps_onlook_describe() reads what it
 * is to be told, with the walker of the walk; code then points into what the next one overwrites. False: it cannot be read.  vmps_onlook_publish() tells it, and
 * gives the number; 0: there is no room. */
uint32_t vmps_onlook_code(const struct vmps_onlook *onlook, const struct vmps_walk_frame *frame);
bool vmps_onlook_describe(struct vmps_onlook *onlook, const struct vmps_walker *walker,
                          struct vmps_walk *walk, const struct vmps_walk_frame *frame,
                          struct vmps_code *code);
uint32_t vmps_onlook_publish(struct vmps_onlook *onlook, const struct vmps_walk_frame *frame,
                             const struct vmps_code *code);

#endif
