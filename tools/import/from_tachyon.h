/* from_tachyon.h: what CPython 3.15's profiling.sampling writes with --binary: a header, samples, which may be compressed by
 * zstd, then the tables of strings and of frames, and a footer. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_TACHYON_H
#define VMPROF_TOOLS_IMPORT_FROM_TACHYON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_tachyon(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). The value is how many samples; times are kept. Columns, opcodes, and whether a thread held the
 * interpreter's lock or was on a processor, are not. Without its tables, which come last, nothing can be read of it. */
vmpf_status import_open_tachyon(struct vmpt_feed *feed, struct vmpf_source source,
                                uint32_t skip_columns, struct vmpf_error *err);

#endif
