/* handler.h: our signal handlers' place in the process: those of the tick, the fault and the toggle.
 *
 * Thread: the callers exclude each other.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_HANDLER_H
#define VMPROF_SAMPLER_CORE_HANDLER_H

/* vmps_handler_install() puts ours in, before those that stand there; where ours stand there it
 * does nothing, so that it may be called again and again. 0 or an errno.
 * vmps_handler_remove() puts the former ones back, unless the program has put in others. */
int vmps_handler_install(void);
/* vmps_handler_install_guard() puts in the one of guard_sig.h's loads, and has vmps_handler_install() keep it there. */
int vmps_handler_install_guard(void);
/* vmps_handler_keep_guard() sees to it that it stands there right now: the program may have put in its own since. Thread: any. 0 or an
 * errno. */
int vmps_handler_keep_guard(void);
/* vmps_handler_install_toggle() puts in the one of the signal that turns the recording on and off, once: where the
 * program puts in its own later, the signal is the program's. */
int vmps_handler_install_toggle(int number);
void vmps_handler_remove(void);

#endif
