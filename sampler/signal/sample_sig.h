/* sample_sig.h: one sample of the calling thread. */
#ifndef VMPROF_SAMPLER_SIGNAL_SAMPLE_SIG_H
#define VMPROF_SAMPLER_SIGNAL_SAMPLE_SIG_H

#include "sampler/signal/native_sig.h"
#include "sampler/signal/state_sig.h"

/* vmps_sample_take() walks the calling thread's stack and publishes a sample that weighs the CPU time
 * since the thread's last one. Where that fails the sample is counted as lost, and its time goes to
 * the thread's next. Signal: safe, in the thread of the slot and not re-entrant. */
void vmps_sample_take(struct vmps_recording *recording, struct vmps_slot *slot,
                      const struct vmps_registers *registers);

/* What was seen of a thread that runs. */
struct vmps_seen {
    uint64_t now_ns, cpu_ns; /* CLOCK_MONOTONIC and the thread's CPU clock */
    bool whole;              /* else the sample is lost */
    bool nobodys;            /* the recorder's own work */
    uint32_t flags;          /* of the row */
    uint32_t frame_count;
    const struct vmpf_row_frame *frames;
};

/* vmps_sample_seen() publishes a sample of the slot's thread as vmps_sample_take() does. Only one thread may do either for a slot. */
void vmps_sample_seen(struct vmps_recording *recording, struct vmps_slot *slot,
                      const struct vmps_seen *seen);

/* vmps_sample_judge() is told how each walk of a stack ended whose layout is not verified yet. */
void vmps_sample_judge(struct vmps_recording *recording, const struct vmps_walk *walk,
                       vmps_walk_status status);

/* Time that a thread did not run. */
struct vmps_waited {
    uint64_t now_ns; /* CLOCK_MONOTONIC, at its end */
    uint64_t wall_ns;
    uint32_t flags; /* of the row */
    uint32_t frame_count;
    const struct vmpf_row_frame *frames;
};

/* vmps_sample_waited() publishes it as a sample of the slot's thread, from any other. False: there was no room.
 * vmps_sample_last() copies the frames of the slot's last sample, at most capacity: how many there are. 0 also
 * where they change right now. Both are as safe for signals as vmps_sample_take(). */
bool vmps_sample_waited(struct vmps_recording *recording, struct vmps_slot *slot,
                        const struct vmps_waited *waited);
uint32_t vmps_sample_last(const struct vmps_slot *slot, struct vmpf_row_frame *frames,
                          uint32_t capacity);

#endif
