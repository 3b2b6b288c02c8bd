/* runs.h: the stacks of a SAMPLES chunk as runs [F-5.6-5] to [F-5.6-8]. Private.
 *
 * Ordered by thread, samples repeat: the same stack again, one that was there a few runs ago, or one of the nodes that were
 * made just now. */
#ifndef VMPROF_FMT_BLOCKS_RUNS_H
#define VMPROF_FMT_BLOCKS_RUNS_H

#include "libvmprof_fmt/src/blocks/scratch.h"

#include <vmprof/vmpf.h>

/* The four lists of runs. */
struct vmpfi_runs {
    const uint32_t *lengths; /* further samples of the run */
    uint32_t *kinds;
    const uint32_t *ages;
    const uint32_t *nodes;
    size_t count; /* of lengths and kinds */
    size_t age_count, node_count;
};

enum vmpfi_run_kind { /* [F-5.6-7] */
                      VMPFI_RUN_AGE = 0,
                      VMPFI_RUN_NODE = 1,
                      VMPFI_RUN_STEP = 2, /* 2: one above the greatest; 3: two above; ... */
};

/* Which run had a stack last; the numbers of runs grow over all chunks, so that nothing has to be forgotten. */
struct vmpfi_run_history {
    uint32_t *last; /* by node: number of the run; 0: none */
    size_t node_count;
    uint32_t run_count; /* numbers given out so far */
};

void vmpfi_run_history_fini(struct vmpfi_run_history *history);

/* vmpfi_runs_find() makes the runs of count samples, in slots of scratch. threads are less than thread_count, stacks less than
 * node_count. VMPF_E_NOMEM. */
vmpf_status vmpfi_runs_find(struct vmpfi_runs *out, struct vmpfi_run_history *history,
                            struct vmpfi_scratch *scratch, const uint32_t *stacks,
                            const uint32_t *threads, size_t count, size_t thread_count,
                            size_t node_count);

/* vmpfi_runs_spread() gives each of count samples the stack of its run. slot: three of scratch from it on are used; runs->kinds is used
 * up.
 * VMPF_E_NOMEM, or VMPF_E_CORRUPT with *rule the id of the rule that is broken. */
vmpf_status vmpfi_runs_spread(const struct vmpfi_runs *runs, struct vmpfi_scratch *scratch,
                              unsigned slot, const uint32_t *threads, size_t count,
                              uint32_t *stacks, const char **rule);

#endif
