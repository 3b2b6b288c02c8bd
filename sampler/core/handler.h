/* handler.h: our signal handler's place in the process.
 *
 * Thread: the callers exclude each other.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_HANDLER_H
#define VMPROF_SAMPLER_CORE_HANDLER_H

/* vmps_handler_install() puts ours in, before the one that stands there; where ours stands there it
 * does nothing, so that it may be called again and again. 0 or an errno.
 * vmps_handler_remove() puts the former one back, unless the program has put in another. */
int vmps_handler_install(void);
void vmps_handler_remove(void);

#endif
