/* from_gperftools.h: the CPU profiles of gperftools: what libprofiler writes, and what google-pprof makes of it by --raw, with
 * symbols in front. Words of 32 or 64 bits, in either order. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_GPERFTOOLS_H
#define VMPROF_TOOLS_IMPORT_FROM_GPERFTOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

/* Logs of upstream vmprof begin with the same words: what follows them has to be a record. */
bool import_is_gperftools(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). The values are how many samples, and that many periods of CPU time. An address that no symbol is
 * given for is a native frame of the file that was mapped there; a caller's is where it goes on, as unwinding found it. */
vmpf_status import_open_gperftools(struct vmpt_feed *feed, struct vmpf_source source,
                                   uint32_t skip_columns, struct vmpf_error *err);

#endif
