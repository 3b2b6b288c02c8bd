/* handler.h: our signal handlers' place in the process: that of the tick and that of the fault.
 *
 * Thread: the callers exclude each other.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_HANDLER_H
#define VMPROF_SAMPLER_CORE_HANDLER_H

/* vmps_handler_install() puts ours in, before those that stand there; where ours stand there it
 * does nothing, so that it may be called again and again. 0 or an errno.
 * vmps_handler_remove() puts the former ones back, unless the program has put in others. */
int vmps_handler_install(void);
void vmps_handler_remove(void);

#endif
