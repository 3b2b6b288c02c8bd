#include "sampler/core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

vmps_status vmps_fail(struct vmps_error *err, vmps_status status, int sys_errno, const char *format,
                      ...)
{
    if (err == NULL) {
        return status;
    }
    err->status = status;
    err->sys_errno = sys_errno;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    if (sys_errno == 0 || length < 0 || (size_t)length >= sizeof err->message) {
        return status;
    }
    char buffer[128];
    snprintf(err->message + length, sizeof err->message - (size_t)length, ": %s",
             strerror_r(sys_errno, buffer, sizeof buffer));
    return status;
}
