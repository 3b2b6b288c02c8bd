/* toggle_sig.h: the signal that turns a recording on and off.
 *
 * Thread: any.  Signal: safe. */
#ifndef VMPROF_SAMPLER_SIGNAL_TOGGLE_SIG_H
#define VMPROF_SAMPLER_SIGNAL_TOGGLE_SIG_H

#include <signal.h>

/* vmps_toggle_handler() counts the signal, and wakes the thread that does what it asks for. */
void vmps_toggle_handler(int number, siginfo_t *info, void *context);

/* vmps_wake() makes the drain thread look at what it waits for. */
void vmps_wake(void);

#endif
