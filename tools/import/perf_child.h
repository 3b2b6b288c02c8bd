/* perf_child.h: `perf script` over a file, as a source of its text. */
#ifndef VMPROF_TOOLS_IMPORT_PERF_CHILD_H
#define VMPROF_TOOLS_IMPORT_PERF_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <vmprof/vmpf.h>

/* Starts perf over a copy of `data`, which is closed. *out is what it prints, to be closed by its taker, which ends perf too.
 * VMPF_E_UNSUPPORTED: there is no perf; VMPF_E_IO, VMPF_E_NOMEM. */
vmpf_status perf_child_open(struct vmpf_source *out, struct vmpf_source data,
                            struct vmpf_error *err);
/* After the source's end: whether perf failed, and the first line that it wrote to standard error, if any. ctx: the source's. */
bool perf_child_failed(const void *ctx, char *why, size_t why_size);

#endif
