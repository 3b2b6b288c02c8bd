/* from_collapsed.h: collapsed stacks, a line a stack: frames from the outermost in, `;` between them, a space and the weight. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_COLLAPSED_H
#define VMPROF_TOOLS_IMPORT_FROM_COLLAPSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_collapsed(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). A frame `name (file:line)` is split, and `name [module]` is native; `_[j]`, `_[k]` and `_[i]` at a
 * name's end are taken for what they mean. Lines that are none are passed over, and counted as damage. */
vmpf_status import_open_collapsed(struct vmpt_feed *feed, struct vmpf_source source,
                                  uint32_t skip_columns, struct vmpf_error *err);

#endif
