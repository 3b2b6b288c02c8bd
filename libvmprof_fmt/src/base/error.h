/* error.h: how the library fills a struct vmpf_error. Private. */
#ifndef VMPROF_FMT_BASE_ERROR_H
#define VMPROF_FMT_BASE_ERROR_H

#include <vmprof/vmpf.h>

/* The offset of an error that is not about a place in the file. */
#define VMPFI_NO_OFFSET UINT64_MAX

/* vmpfi_fail() fills err (may be NULL) and returns status, so that a caller can `return vmpfi_fail(...)`.
 * rule: the id of the broken rule, or "". */
vmpf_status vmpfi_fail(struct vmpf_error *err, vmpf_status status, uint64_t offset,
                       const char *rule, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The same for a failed system call: status VMPF_E_IO, sys_errno and its text. */
vmpf_status vmpfi_fail_errno(struct vmpf_error *err, int sys_errno, uint64_t offset,
                             const char *what);

vmpf_status vmpfi_fail_nomem(struct vmpf_error *err);

/* Forwards a failure; only where nothing is owned. */
#define VMPF_TRY(expression)                                                                       \
    do {                                                                                           \
        vmpf_status try_status_ = (expression);                                                    \
        if (try_status_ != VMPF_OK) {                                                              \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)

#endif
