#include "tools/common/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)64 * 1024)

void vmpt_output_init(struct vmpt_output *output, int fd)
{
    memset(output, 0, sizeof(*output));
    output->fd = fd;
    output->data = malloc(BUFFER_BYTES); /* without it every write goes straight out */
}

static void write_all(struct vmpt_output *output, const char *data, size_t size_bytes)
{
    while (size_bytes > 0 && !output->broken) {
        ssize_t written = write(output->fd, data, size_bytes);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            output->broken = true;
            output->sys_errno = errno == EPIPE ? 0 : errno;
            return;
        }
        data += written;
        size_bytes -= (size_t)written;
    }
}

static void flush(struct vmpt_output *output)
{
    write_all(output, output->data, output->size);
    output->size = 0;
}

void vmpt_output_write(struct vmpt_output *output, const char *data, size_t size_bytes)
{
    if (!output->data || size_bytes >= BUFFER_BYTES) {
        flush(output);
        write_all(output, data, size_bytes);
        return;
    }
    if (BUFFER_BYTES - output->size < size_bytes) {
        flush(output);
    }
    if (size_bytes) {
        memcpy(output->data + output->size, data, size_bytes);
    }
    output->size += size_bytes;
}

int vmpt_output_fini(struct vmpt_output *output)
{
    flush(output);
    free(output->data);
    output->data = NULL;
    return output->sys_errno;
}
