/* tally.h: the samples of one feed, summed by stack while its blocks go by. What is done here is
 * done for every sample; all else costs what the distinct stacks cost.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_TALLY_H
#define VMPROF_TOOLS_ANALYSIS_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"
#include "tools/analysis/nodes.h"

/* Which samples count. Empty: all. */
struct vmpt_sample_filter {
    const char *const *threads; /* names, or ids in decimal */
    size_t thread_count;
    const uint64_t *processes;
    size_t process_count;
    bool has_from;
    bool has_to;
    uint64_t from_ns; /* since the start of the session; included */
    uint64_t to_ns;   /* not included */
};

/* What the samples of one thread in one stack came to. */
struct vmpt_tally_pair {
    uint32_t thread;
    uint32_t stack;
    struct vmpt_cell cell; /* no samples: the place is free, or the filter took them */
    double square_sum;
};

struct vmpt_tally {
    const struct vmpt_sample_filter *filter;
    struct vmpt_cell *cells; /* by stack id of the feed */
    size_t cell_capacity;
    struct vmpt_cell lost;  /* of stack ids that no table has */
    struct vmpt_cell total; /* of the samples that the filter left */
    double square_sum;      /* of their weights */
    uint8_t *thread_seen;   /* by thread id of the feed */
    size_t thread_capacity;
    /* With filter->threads, since a thread may be named after its samples, and where it is asked for: the samples are
     * kept apart by thread until the names are final. */
    bool by_thread;
    struct vmpt_tally_pair *pairs;
    size_t pair_count;
    size_t pair_capacity;
};

void vmpt_tally_init(struct vmpt_tally *tally, const struct vmpt_sample_filter *filter);
void vmpt_tally_fini(struct vmpt_tally *tally);

/* Adds block. weights: one a sample, or NULL, where each weighs 1. False: memory is short. */
bool vmpt_tally_add(struct vmpt_tally *tally, const struct vmpt_feed *feed,
                    const struct vmpf_block *block, const uint64_t *weights);

/* To be called once, when the feed has no more blocks: cells then covers every stack id of the feed,
 * and thread_seen every thread id. False: memory is short. */
bool vmpt_tally_finish(struct vmpt_tally *tally, const struct vmpt_feed *feed);

#endif
