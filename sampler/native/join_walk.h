/* join_walk.h: one stack of native frames and those of an interpreter.
 *
 * A run of the interpreter's loop is one native frame, and one activation of the interpreter's own stack: the
 * two stacks are joined there. Where an activation tells its place, it must be that of the frame; where it does
 * not, there must be as many of the one as of the other. One more native frame of the loop, the innermost, has
 * just been entered or is about to be left. Whatever else does not fit is not put together.
 *
 * Signal: safe. */
#ifndef VMPROF_SAMPLER_NATIVE_JOIN_WALK_H
#define VMPROF_SAMPLER_NATIVE_JOIN_WALK_H

#include <vmprof/vmpf_journal.h>

#include "sampler/native/unwind_walk.h"
#include "sampler/signal/native_sig.h"
#include "sampler/signal/state_sig.h"

/* A native frame as it was found. */
struct vmps_native_frame {
    uint64_t pc;
    uint64_t cfa;  /* where it ends; it begins where the one inside of it ends */
    uint32_t code; /* its number where it was cached; else 0 */
    uint32_t serial;
    uint8_t mark;
    bool is_exact, is_runtime;
};

/* What a thread keeps: struct vmps_slot's native_memory. */
struct vmps_join_memory {
    uint64_t tick; /* of the thread that it is of */
    struct vmps_unwind_memory unwind;
    struct vmps_native_frame native[VMPS_MAX_FRAMES];
    struct vmps_activation activations[VMPS_MAX_FRAMES];
    struct vmpf_row_frame frames[VMPS_MAX_FRAMES];
};

struct vmps_activation *vmps_join_activations(struct vmps_slot *slot, uint32_t *capacity);
void vmps_join(struct vmps_recording *recording, struct vmps_slot *slot,
               const struct vmps_registers *registers, struct vmps_walk *walk,
               struct vmps_joined *out);

#endif
