/* from_perf_script.h: what `perf script` prints: a line of the thread, the time and the event; frames, innermost first; an empty
 * line. A sample without callers may stand in one line. */
#ifndef VMPROF_TOOLS_IMPORT_FROM_PERF_SCRIPT_H
#define VMPROF_TOOLS_IMPORT_FROM_PERF_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_perf_script(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). The value is the first event's; samples of other events are lost, and counted, since their weights
 * cannot be added to it. Times are counted from the first sample's. Where a function begins is kept, if the text says how far in it
 * a frame is; the address of each frame is not, and code without a name is one function of its module. */
vmpf_status import_open_perf_script(struct vmpt_feed *feed, struct vmpf_source source,
                                    uint32_t skip_columns, struct vmpf_error *err);

/* The same of a source that a program prints. format: the name of what it reads. has_failed(source.ctx, why, why_size) is asked
 * at the source's end: then what there is, is damaged, and why says so; without a sample it is VMPF_E_UNSUPPORTED. */
struct import_perf_printer {
    const char *format;
    bool (*has_failed)(const void *ctx, char *why, size_t why_size);
};
vmpf_status import_open_perf_printed(struct vmpt_feed *feed, struct vmpf_source source,
                                     const struct import_perf_printer *printer,
                                     struct vmpf_error *err);

#endif
