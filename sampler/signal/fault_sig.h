/* fault_sig.h: the signal that comes when somebody cuts the output under its mapping, and that of a load of guard_sig.h whose
 * memory is gone. */
#ifndef VMPROF_SAMPLER_SIGNAL_FAULT_SIG_H
#define VMPROF_SAMPLER_SIGNAL_FAULT_SIG_H

#include <signal.h>

/* mmap(2): access to a part of a mapping that lies behind the file's end. */
#define VMPS_FAULT_SIGNAL SIGBUS
/* Ours only while stacks are read by guard_sig.h. */
#define VMPS_GUARD_SIGNAL SIGSEGV

/* vmps_fault_handler() puts a page of private memory where the output's page went, and marks the output
 * as gone: what is recorded from then on is lost, the program goes on. A guarded load fails. A fault elsewhere is handed on
 * to the handler before, or ends the process as it would without us. Signal: it is one. */
void vmps_fault_handler(int number, siginfo_t *info, void *context);

#endif
