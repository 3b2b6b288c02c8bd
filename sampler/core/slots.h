/* slots.h: which thread has which slot of the recording, and the memory behind it.
 *
 * Thread: one at a time.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_SLOTS_H
#define VMPROF_SAMPLER_CORE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/signal/state_sig.h"

struct vmps_thread_totals {
    uint64_t samples, lost, cpu_ns, waited_ns;
};

struct vmps_slots {
    struct vmps_slot *all; /* VMPS_MAX_SLOTS, of the recording */
    size_t native_bytes;   /* of each slot's native memory; 0: native frames are not recorded */
    uint32_t fresh;        /* those from here on were never used */
    uint32_t *free;
    uint32_t free_count;
    struct vmps_thread_totals ended; /* of slots that were given back */
};

/* vmps_slots_init() all: VMPS_MAX_SLOTS, zero-filled, and the caller's. False: no memory. native_bytes stays what it
 * is. */
bool vmps_slots_init(struct vmps_slots *slots, struct vmps_slot *all);
/* vmps_slots_fini(): when no handler is in flight. */
void vmps_slots_fini(struct vmps_slots *slots);

/* vmps_slots_take() gives the index of a slot with its scratch; VMPS_MAX_SLOTS: there is none. */
uint32_t vmps_slots_take(struct vmps_slots *slots);
/* vmps_slots_give_back(): its thread has ended, or its ticks are off and its last one cannot be told from none: what a
 * handler might still store is lost, nothing else. */
void vmps_slots_give_back(struct vmps_slots *slots, uint32_t index);

void vmps_slots_add_totals(struct vmps_thread_totals *totals, const struct vmps_slot *slot);

#endif
