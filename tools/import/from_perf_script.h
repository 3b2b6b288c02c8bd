/* from_perf_script.h: what `perf script` prints: a line of the thread, the time and the event; frames, innermost first; an empty
 * line. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_PERF_SCRIPT_H
#define VMPROF_TOOLS_IMPORT_FROM_PERF_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_perf_script(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). The value is the first event's; samples of other events are lost, and counted, since their weights
 * cannot be added to it. Times and addresses are not kept. */
vmpf_status import_open_perf_script(struct vmpt_feed *feed, struct vmpf_source source,
                                    uint32_t skip_columns, struct vmpf_error *err);

#endif
