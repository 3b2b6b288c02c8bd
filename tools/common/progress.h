/* progress.h: a bar on standard error, when that is a terminal and the work takes over a second. */
#ifndef VMPROF_TOOLS_COMMON_PROGRESS_H
#define VMPROF_TOOLS_COMMON_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct vmpt_progress {
    bool enabled;
    bool shown;
    uint64_t next_ns; /* when to draw again */
    uint64_t total;   /* bytes to do; 0: not known */
};

void vmpt_progress_init(struct vmpt_progress *progress, uint64_t total);
/* Cheap: may be called for every block. */
void vmpt_progress_update(struct vmpt_progress *progress, uint64_t done);
/* Takes the bar away. */
void vmpt_progress_fini(struct vmpt_progress *progress);

#endif
