/* from_speedscope.h: the JSON of speedscope: frames once, then profiles, sampled or evented, each taken for a thread. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_SPEEDSCOPE_H
#define VMPROF_TOOLS_IMPORT_FROM_SPEEDSCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_speedscope(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). All of the document is held in memory. Each unit of its profiles is a value of every sample. Times
 * are those that the weights come to, where these are times. */
vmpf_status import_open_speedscope(struct vmpt_feed *feed, struct vmpf_source source,
                                   uint32_t skip_columns, struct vmpf_error *err);

#endif
