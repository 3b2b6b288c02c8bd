/* reading.h: samples of threads that run, taken from outside of them, without a signal.
 *
 * The thread goes on while its stack is read. So it is read twice, one time right behind the other: frames that were found both
 * times were there all the while between. The leaf may be gone by then, if it was still there when its caller was read; where
 * more has changed, it is done again a moment later. Such stacks may still be wrong, seldom; the file names the source of
 * ticks.
 *
 * Thread: one at a time.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_READING_H
#define VMPROF_SAMPLER_CORE_READING_H

#include <stddef.h>
#include <stdint.h>

#include "sampler/core/onlook.h"
#include "sampler/core/waiting.h"

/* Frames, leaf first. */
struct vmps_seen_stack {
    struct vmps_walk_frame *frames;
    uint32_t count, capacity;
};

/* What is known of a thread from its last sample. Zero-filled is new. */
struct vmps_sight {
    uint64_t state;              /* of vm->ops->thread_of() */
    struct vmps_walk_frame root; /* a generator that its stacks begin with */
};

struct vmps_reading {
    struct vmps_onlook onlook;
    struct vmps_seen_stack first, second;
    struct vmpf_row_frame *rows;
    uint32_t row_capacity;
    uint64_t memory; /* of walks */
};

void vmps_reading_init(struct vmps_reading *reading, struct vmps_recording *recording,
                       const struct vmps_vm *vm);
void vmps_reading_fini(struct vmps_reading *reading);

/* vmps_reading_sample() publishes a sample of a thread that was found to run. look: its clocks, read right before. */
void vmps_reading_sample(struct vmps_reading *reading, struct vmps_sight *sight,
                         const struct vmps_look *look);

/* vmps_reading_is_sure() tells whether all of the first stack was there at once: its frames are in the second, but for the leaf, which
 * they may have left meanwhile. */
bool vmps_reading_is_sure(const struct vmps_seen_stack *first,
                          const struct vmps_seen_stack *second);

#endif
