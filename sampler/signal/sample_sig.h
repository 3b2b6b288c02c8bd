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

#endif
