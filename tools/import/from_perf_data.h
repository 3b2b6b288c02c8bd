/* from_perf_data.h: what `perf record` writes. Only perf itself reads all of it: `perf script` is run, and its text is read. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_PERF_DATA_H
#define VMPROF_TOOLS_IMPORT_FROM_PERF_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_perf_data(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(), and import_open_perf_script(). The source is copied to a temporary file, since perf wants to seek in
 * it. VMPF_E_UNSUPPORTED: there is no perf in $PATH, or it could not read it; what it said is the message. */
vmpf_status import_open_perf_data(struct vmpt_feed *feed, struct vmpf_source source,
                                  uint32_t skip_columns, struct vmpf_error *err);

#endif
