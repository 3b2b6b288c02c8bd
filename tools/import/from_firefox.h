/* from_firefox.h: the JSON of the Firefox Profiler: processed profiles, and what a browser or `perf script report gecko`
 * writes, with the profiles of other processes in it. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_FIREFOX_H
#define VMPROF_TOOLS_IMPORT_FROM_FIREFOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_firefox(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). All of the document is held in memory. Values: what samples weigh ("time", "bytes" or "samples",
 * by their type), and "cpu" where the time on the processor is told. A sample without a stack is one of a thread that did
 * not run: it is not read. */
vmpf_status import_open_firefox(struct vmpt_feed *feed, struct vmpf_source source,
                                uint32_t skip_columns, struct vmpf_error *err);

#endif
