/* tick_sig.h: the signal handler. */
#ifndef VMPROF_SAMPLER_SIGNAL_TICK_SIG_H
#define VMPROF_SAMPLER_SIGNAL_TICK_SIG_H

#include <signal.h>

/* SIGURG: its default action is to be ignored, so that a tick that is pending over execve() does not
 * end the new program, and the program's SIGPROF and SIGALRM stay its own. */
#define VMPS_TICK_SIGNAL SIGURG

/* vmps_tick_handler() takes a sample of the calling thread when the signal is a tick of ours, and
 * hands any other on to the handler that stood there before. Signal: it is one. */
void vmps_tick_handler(int number, siginfo_t *info, void *context);

#endif
