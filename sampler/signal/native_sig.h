/* native_sig.h: what the handler knows of native frames. How they are found is sampler/native's.
 *
 * Signal: safe. */
#ifndef VMPROF_SAMPLER_SIGNAL_NATIVE_SIG_H
#define VMPROF_SAMPLER_SIGNAL_NATIVE_SIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/signal/walk_sig.h"

struct vmps_recording;
struct vmps_slot;
struct vmpf_row_frame;
struct vmps_unwind_tables;

/* Registers of the thread, as the signal found them. */
struct vmps_registers {
    uint64_t pc, stack_pointer, frame_pointer;
};

/* How samples came out; any thread adds. */
struct vmps_native_counts {
    _Atomic uint64_t whole; /* all native frames stand in their places */
    _Atomic uint64_t cut;   /* outer native frames could not be told */
    _Atomic uint64_t
        unplaced; /* those of the stack do not fit to the VM's frames; they were left out */
};

/* A sample's frames, leaf first. Good until the thread's next sample. */
struct vmps_joined {
    const struct vmpf_row_frame *frames;
    uint32_t frame_count;
    uint32_t flags; /* VMPS_SAMPLE_* */
};

#define VMPS_SAMPLE_TRUNCATED 1u /* VMPF_SAMPLE_TRUNCATED [F-5.6-3]; vmpf.h is not for handlers */
#define VMPS_SAMPLE_NATIVE_MISSING 2u /* VMPF_SAMPLE_NATIVE_MISSING */

struct vmps_native {
    /* The owner puts in another one when files were loaded, and frees the former when no handler is in flight. */
    _Atomic(const struct vmps_unwind_tables *) tables;
    bool raw; /* the interpreter's own frames are kept */
    uint32_t main_thread_id;
    uint64_t main_stack_end;
    struct vmps_native_counts counts;
    /* Where the VM's activations go during the walk that comes before join(). */
    struct vmps_activation *(*activations)(struct vmps_slot *slot, uint32_t *capacity);
    /* Puts the native frames of the calling thread between those that a walk has found. */
    void (*join)(struct vmps_recording *recording, struct vmps_slot *slot,
                 const struct vmps_registers *registers, struct vmps_walk *walk,
                 struct vmps_joined *out);
};

#endif
