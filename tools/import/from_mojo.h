/* from_mojo.h: MOJO, the binary format of Austin, versions 1 to 4: "MOJ", the version, then events: strings and frames with
 * keys of their process, and samples, each a stack, frames by their keys, and metrics. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_MOJO_H
#define VMPROF_TOOLS_IMPORT_FROM_MOJO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_mojo(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). Columns, and the stacks of tasks that wait (version 4), are not kept; there are no times in it. An
 * event that is none ends it, for nothing says where the next one begins: what was before is there. */
vmpf_status import_open_mojo(struct vmpt_feed *feed, struct vmpf_source source,
                             uint32_t skip_columns, struct vmpf_error *err);

#endif
