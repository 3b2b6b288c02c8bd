#include "libvmprof_fmt/src/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

vmpf_status vmpfi_fail(struct vmpf_error *err, vmpf_status status, uint64_t offset,
                       const char *rule, const char *format, ...)
{
    if (err == NULL) {
        return status;
    }
    memset(err, 0, sizeof *err);
    err->status = status;
    err->offset = offset == VMPFI_NO_OFFSET ? 0 : offset;
    (void)snprintf(err->rule, sizeof err->rule, "%s", rule);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    return status;
}

vmpf_status vmpfi_fail_errno(struct vmpf_error *err, int sys_errno, uint64_t offset,
                             const char *what)
{
    char text[128];
    /* The GNU strerror_r returns the text, which need not be in the buffer. */
    const char *reason = strerror_r(sys_errno, text, sizeof text);
    vmpfi_fail(err, VMPF_E_IO, offset, "", "%s: %s", what, reason);
    if (err != NULL) {
        err->sys_errno = sys_errno;
    }
    return VMPF_E_IO;
}

vmpf_status vmpfi_fail_nomem(struct vmpf_error *err)
{
    return vmpfi_fail(err, VMPF_E_NOMEM, VMPFI_NO_OFFSET, "", "out of memory");
}

const char *vmpf_status_name(vmpf_status status)
{
    switch (status) {
    case VMPF_OK: return "ok";
    case VMPF_END: return "end";
    case VMPF_E_NOT_VMPROF: return "not a profile";
    case VMPF_E_VERSION: return "newer version";
    case VMPF_E_UNSUPPORTED: return "unsupported";
    case VMPF_E_CORRUPT: return "corrupt";
    case VMPF_E_TRUNCATED: return "truncated";
    case VMPF_E_LIMIT: return "over a limit";
    case VMPF_E_NOMEM: return "out of memory";
    case VMPF_E_IO: return "input or output failed";
    case VMPF_E_ARG: return "wrong argument";
    }
    return "unknown status";
}
