/* drain.h: the thread that looks after a recording: new threads, names, and the journal's rows. */
#ifndef VMPROF_SAMPLER_CORE_DRAIN_H
#define VMPROF_SAMPLER_CORE_DRAIN_H

#include "sampler/core/session.h"

/* vmps_drain_start() returns when the thread runs and has made itself known to the session's threads.
 * 0 or an errno.
 * vmps_drain_stop() has it empty the journal and, where close is set, close the writer; then it ends.
 * A failure of the output is in session->output_error. */
int vmps_drain_start(struct vmps_session *session);
void vmps_drain_stop(struct vmps_session *session, bool close);

#endif
