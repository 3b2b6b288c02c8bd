/* output.h: standard output, buffered, with its errors kept.
 *
 * A reader that goes away (EPIPE) is no error: the rest is dropped, quietly.
 */
#ifndef VMPROF_TOOLS_COMMON_OUTPUT_H
#define VMPROF_TOOLS_COMMON_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct vmpt_output {
    int fd;
    char *data;
    size_t size;
    bool broken;   /* the reader is gone, or error is set: what comes is dropped */
    int sys_errno; /* the first error; 0: none */
};

void vmpt_output_init(struct vmpt_output *output, int fd);
void vmpt_output_write(struct vmpt_output *output, const char *data, size_t size_bytes);
/* Writes what is pending and frees the buffer. Returns the first error, or 0. */
int vmpt_output_fini(struct vmpt_output *output);

#endif
