/* source.h: an input that can be read several times over: what cannot seek is put aside first. */
#ifndef VMPROF_TOOLS_INFO_SOURCE_H
#define VMPROF_TOOLS_INFO_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <vmprof/vmpf.h>

#include "tools/common/input.h"

struct info_source {
    int fd;
    bool is_stdin;
    uint64_t start;      /* where the profile begins in fd */
    uint64_t before;     /* bytes of the passes before, for the progress */
    uint64_t size_bytes; /* of the file; grows while it is copied */
    FILE *copy;          /* of what cannot seek; NULL: none */
    struct vmpt_progress *progress;
};

/* Opens the input called name, and sees to it that it is one that this tool can take apart. */
vmpf_status info_source_open(struct info_source *source, struct vmpt_input_set *set,
                             const char *name, struct vmpf_error *err);
void info_source_close(struct info_source *source);

/* A reading from the first byte on; there is one at a time. */
vmpf_status info_source_rewind(struct info_source *source, struct vmpf_source *out,
                               struct vmpf_error *err);
/* How many bytes it has; 0: that cannot be told. */
uint64_t info_source_size(const struct info_source *source);
/* Draws the progress of the current reading. */
void info_source_tick(const struct info_source *source);

#endif
