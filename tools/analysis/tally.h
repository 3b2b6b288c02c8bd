/* tally.h: the samples of one feed, added to the nodes of the profile while its blocks go by. What is done here is
 * done for every sample; all else costs what the distinct stacks cost.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_TALLY_H
#define VMPROF_TOOLS_ANALYSIS_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"
#include "tools/analysis/labels.h"
#include "tools/analysis/nodes.h"
#include "tools/analysis/stack_map.h"

/* Which samples count. Empty: all. */
struct vmpt_sample_filter {
    const char *const *threads; /* names, or ids in decimal */
    size_t thread_count;
    const uint64_t *processes;
    size_t process_count;
    struct vmpt_label_filter labels;
    bool has_from;
    bool has_to;
    uint64_t from_ns; /* since the start of the session; included */
    uint64_t to_ns;   /* not included */
};

/* What the samples of one thread in one stack came to. */
struct vmpt_tally_pair {
    uint32_t thread;
    uint32_t node;
    uint32_t group; /* the function that stands for the value of labels.key; 0 without that */
    struct vmpt_cell cell; /* no samples: the place is free, or the filter took them */
    uint64_t peak;
    double square_sum;
};

struct vmpt_tally {
    const struct vmpt_sample_filter *filter;
    struct vmpt_stack_map stacks;
    struct vmpt_cell total; /* of the samples that the filter left */
    uint64_t peak;          /* the greatest weight of one of them, where nodes have peaks; else 0 */
    double square_sum;      /* of their weights */
    uint8_t *thread_seen;   /* by thread id of the feed */
    size_t thread_capacity;
    uint32_t thread_count;
    bool from_totals; /* which thread a sample is of was not read */
    /* With filter->threads, since a thread may be named after its samples, and where it is asked for: the samples are
     * kept apart by thread until the names are final. */
    bool by_thread;
    struct vmpt_label_sets
        labels; /* with a key, which may be set after the start, samples are kept apart by it too */
    uint32_t *label_groups; /* by set that has the key: 1 + its function; 0: not made yet */
    size_t label_group_capacity;
    struct vmpt_tally_pair *pairs;
    size_t pair_count;
    size_t pair_capacity;
};

/* tally->stacks is what the samples are added to. Lifetime: that of all arguments. */
void vmpt_tally_init(struct vmpt_tally *tally, const struct vmpt_sample_filter *filter,
                     const struct vmpt_feed *feed, struct vmpt_functions *functions,
                     struct vmpt_nodes *nodes);
void vmpt_tally_fini(struct vmpt_tally *tally);

/* The filter needs the samples; else their totals by stack do. */
bool vmpt_sample_filter_is_empty(const struct vmpt_sample_filter *filter);

/* Each whether one part of the filter keeps a sample; of a thread, its last name counts. */
bool vmpt_sample_filter_keeps_thread(const struct vmpt_sample_filter *filter,
                                     const struct vmpf_thread *thread);
bool vmpt_sample_filter_keeps_process(const struct vmpt_sample_filter *filter,
                                      const struct vmpf_thread *thread);
/* (labels: vmpt_label_sets_keeps().) */
bool vmpt_sample_filter_keeps_time(const struct vmpt_sample_filter *filter, uint64_t time_ns);

/* Adds block. weights: one a sample, or NULL, where each weighs 1. False: memory is short. */
bool vmpt_tally_add(struct vmpt_tally *tally, const struct vmpf_block *block,
                    const uint64_t *weights);
/* Adds totals of stacks: no filter may be set. weights: one an entry, or NULL. What threads there are is then taken
 * from the feed's table, and square_sum is the least that it can be: the samples of a stack are taken to weigh the same. False:
 * memory is short. */
bool vmpt_tally_add_totals(struct vmpt_tally *tally, const struct vmpf_totals *totals,
                           const uint64_t *weights);

/* To be called once, when the feed has no more blocks: thread_seen then covers every thread id of the feed.
 * With by_thread, what the filter left of the pairs stays; it is in the nodes as well. False: memory is short. */
bool vmpt_tally_finish(struct vmpt_tally *tally);

#endif
