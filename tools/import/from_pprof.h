/* from_pprof.h: pprof's profile.proto, gzip'd or not. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_PPROF_H
#define VMPROF_TOOLS_IMPORT_FROM_PPROF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_pprof(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). All of the file is held in memory. A profile has no kinds of frames: those of Python files are Python's.
 * Samples whose values are negative, as differences have them, are lost, and counted. */
vmpf_status import_open_pprof(struct vmpt_feed *feed, struct vmpf_source source,
                              uint32_t skip_columns, struct vmpf_error *err);

#endif
