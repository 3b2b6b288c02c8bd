/* from_callgrind.h: what valgrind's callgrind writes, what others write for KCachegrind, and what vmprof-convert --callgrind does.
 *
 * Such a file has no stacks: it has what each line of each function cost itself, and what each call cost with all below it. See
 * spec/decisions/0013-stacks-of-callgrind.md for the stacks that are made of it. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_CALLGRIND_H
#define VMPROF_TOOLS_IMPORT_FROM_CALLGRIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_callgrind(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). A value for each event, at most VMPF_MAX_VALUES. A function's own costs are exact; its total is that
 * of the file for the first event, unless functions call each other in a circle. Parts add up. */
vmpf_status import_open_callgrind(struct vmpt_feed *feed, struct vmpf_source source,
                                  uint32_t skip_columns, struct vmpf_error *err);

#endif
