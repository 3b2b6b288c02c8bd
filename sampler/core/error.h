/* error.h: fills a struct vmps_error. */
#ifndef VMPROF_SAMPLER_CORE_ERROR_H
#define VMPROF_SAMPLER_CORE_ERROR_H

#include <vmprof/vmps.h>

/* vmps_fail() writes the message, and the system's words for sys_errno behind it where that is not 0,
 * and returns status. err may be NULL. */
vmps_status vmps_fail(struct vmps_error *err, vmps_status status, int sys_errno, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

#endif
