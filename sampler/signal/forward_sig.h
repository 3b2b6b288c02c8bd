/* forward_sig.h: handing a signal that is not ours on to the handler that stood there before ours.
 *
 * Signal: safe. */
#ifndef VMPROF_SAMPLER_SIGNAL_FORWARD_SIG_H
#define VMPROF_SAMPLER_SIGNAL_FORWARD_SIG_H

#include <signal.h>
#include <stdbool.h>

#include "sampler/signal/state_sig.h"

/* vmps_forward() calls the former handler. False: there was none, but the default or to ignore. */
bool vmps_forward(const struct vmps_former *former, int number, siginfo_t *info, void *context);

#endif
