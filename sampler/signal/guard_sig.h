/* guard_sig.h: loads from memory that another thread may give back to the system at any moment: where it is gone the answer is 0, and
 * the thread is told. They cost what a load costs, but need the handler of fault_sig.h in the place of SIGSEGV and SIGBUS, neither
 * of which the thread may block.
 *
 * Signal: safe. */
#ifndef VMPROF_SAMPLER_SIGNAL_GUARD_SIG_H
#define VMPROF_SAMPLER_SIGNAL_GUARD_SIG_H

#include <stdbool.h>
#include <stdint.h>

/* vmps_guard_begin() forgets what failed in this thread; vmps_guard_failed() tells whether a load since then met memory that cannot
 * be read. */
void vmps_guard_begin(void);
bool vmps_guard_failed(void);

uint64_t vmps_guard64(uint64_t address);
/* Of an address that is a multiple of their size. */
uint32_t vmps_guard32(uint64_t address);
uint8_t vmps_guard8(uint64_t address);

/* vmps_guard_catch() is for the handler of a fault: where one of the loads met it, has the thread go on behind the load. context: a
 * ucontext_t. False: it was not one of these. */
bool vmps_guard_catch(void *context);

#endif
