/* source.h: an input that is read twice: what cannot seek is put aside first. */
#ifndef VMPROF_TOOLS_SYMBOLIZE_SOURCE_H
#define VMPROF_TOOLS_SYMBOLIZE_SOURCE_H

#include <stdio.h>
#include <vmprof/vmpf.h>

struct symz_source {
    int fd;     /* -1: not open */
    FILE *copy; /* of what cannot seek; NULL: none */
    int64_t start;
};

vmpf_status symz_source_open(struct symz_source *source, const char *name, struct vmpf_error *err);
void symz_source_close(struct symz_source *source);
/* When it was written last, in seconds since 1970; 0: it is not a file. */
int64_t symz_source_changed_s(const struct symz_source *source);
/* A reading from the first byte on; there is one at a time. */
vmpf_status symz_source_rewind(struct symz_source *source, struct vmpf_source *out,
                               struct vmpf_error *err);

#endif
