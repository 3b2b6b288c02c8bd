/* pause.h: a recording that is on only now and then. What it is off for is counted nowhere.
 *
 * Thread: any, as each function says.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_PAUSE_H
#define VMPROF_SAMPLER_CORE_PAUSE_H

#include <stdbool.h>

#include "sampler/core/session.h"

/* vmps_pause_begin() is what begins a recording that is off at first, vmps_pause_end() what lets it not be
 * turned on any more. Thread: the one that starts, or stops. */
void vmps_pause_begin(struct vmps_session *session);
void vmps_pause_end(struct vmps_session *session);

/* vmps_pause_is_asked() says whether a signal came that vmps_pause_follow() has not followed yet; the latter turns
 * the recording on or off as the signals ask. Thread: the drain thread. */
bool vmps_pause_is_asked(const struct vmps_session *session);
void vmps_pause_follow(struct vmps_session *session);

/* vmps_pause_is_off() says whether the recording is off. Thread: any. */
bool vmps_pause_is_off(struct vmps_session *session);

/* vmps_pause_total_ns() is how much of the session up to at_ns, a session time, was not recorded. */
uint64_t vmps_pause_total_ns(struct vmps_session *session, uint64_t at_ns);

/* vmps_turn_off() lets no handler into the recording. False: one is stuck there. */
bool vmps_turn_off(void);

#endif
