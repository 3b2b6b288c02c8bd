#include "tools/common/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/common/buffer.h"

/* One write, so that lines of several tools on one terminal do not mix. Nothing can be done about an
 * error here. */
static void write_line(const char *data, size_t size_bytes)
{
    ssize_t written = write(STDERR_FILENO, data, size_bytes);
    (void)written;
}

void vmpt_say(const char *tool, const char *format, ...)
{
    char text[4096];
    struct vmpt_buffer line = {0};
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    vmpt_buffer_printf(&line, "%s: ", tool);
    vmpt_buffer_add_visible(&line, text, size > 0 ? strlen(text) : 0);
    vmpt_buffer_add(&line, "\n", 1);
    if (line.failed) {
        static const char lost[] = "vmprof: not enough memory for a message\n";
        write_line(lost, sizeof(lost) - 1);
    } else {
        write_line(line.data, line.size);
    }
    vmpt_buffer_fini(&line);
}
