/* profile.h: one or several inputs, read and merged into one profile in memory.
 *
 * Filters that choose samples (thread, process, time) apply here, while reading; what chooses stacks
 * and takes frames out comes after (view.h).
 */
#ifndef VMPROF_TOOLS_ANALYSIS_PROFILE_H
#define VMPROF_TOOLS_ANALYSIS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

#include "tools/analysis/feed.h"
#include "tools/analysis/functions.h"
#include "tools/analysis/memory.h"
#include "tools/analysis/metric.h"
#include "tools/analysis/nodes.h"
#include "tools/analysis/tally.h"

#define VMPT_FORMAT_NAME_BYTES 32

/* The inputs, opened one at a time, in order. An input may be opened twice: when the choice of the
 * metric has to be made again (metric.h). */
struct vmpt_inputs {
    size_t count;
    vmpf_status (*open)(void *ctx, size_t index, uint32_t skip_columns, struct vmpt_feed *feed,
                        struct vmpf_error *err);
    void (*tick)(void *ctx); /* once a block; may be NULL */
    bool (*once)(void *ctx,
                 size_t index); /* it must not be opened a second time; NULL: each may be */
    void *ctx;
};

struct vmpt_frame_filter;
struct vmpt_settled;

/* What stands between the root and the stacks. */
enum vmpt_group {
    VMPT_GROUP_NONE,
    VMPT_GROUP_THREADS, /* a node for each thread, a function that is a group */
    VMPT_GROUP_PROCESSES,
    VMPT_GROUP_LABELS, /* for each value of group_label */
};

struct vmpt_load_options {
    const char *metric;                /* NULL: cpu, else the first that all have */
    struct vmpt_sample_filter samples; /* lifetime: the call's */
    bool keep_lines;                   /* nodes differ by line too */
    bool merge_nodes; /* equal nodes of one input become one; of several they always do */
    enum vmpt_group group;
    const char *group_label; /* with VMPT_GROUP_LABELS: a key */
    bool keep_addresses;     /* functions.addresses is filled */
    /* Every sample is read, so that all damage is seen. Without it, totals by stack are read where the input has
     * them and no filter needs its samples: threads are then those that the input lists, and samples that are lost
     * count all the same. */
    bool read_samples;
    /* effective_samples is to be exact: it takes the weight of every sample (squares.c). Without it, the samples of a stack of
     * which only the totals were read are taken to weigh the same. */
    bool keep_squares;
    bool split_addresses; /* a function is an address, not a (name, file, line) */
    bool functions_only;  /* what stacks there are need not be known in the end (settle.h) */
    const struct vmpt_frame_filter *frames; /* with functions_only: what will be viewed */
};

/* A fact that inputs may disagree on. */
struct vmpt_fact {
    const char *text; /* NULL: not known, or they differ */
    bool seen;
    bool differs;
};

/* What is said of one input. */
struct vmpt_input_facts {
    char format[VMPT_FORMAT_NAME_BYTES];
    uint64_t samples; /* that could be read */
    bool from_totals; /* and their weights one by one were not */
    struct vmpf_damage damage;
    const char *caution; /* what has to be told of how it was read; NULL: nothing */
};

struct vmpt_profile {
    struct vmpt_functions functions;
    struct vmpt_nodes nodes;
    struct vmpt_settled *settled; /* with functions_only: of nodes that were let go; NULL: none */
    struct vmpt_metric metric;
    struct vmpt_cell total; /* of the samples that the filter left: what shares are of */
    uint64_t peak;          /* of a gauge: the greatest weight of one of them; else 0 */
    /* Of the samples that were read one by one: what they weigh, and their squares. Those of no other samples are known. */
    double square_weight;
    double square_sum;
    double
        effective_samples; /* as many of equal weight would be as sure (interval.h); 0: not known */
    size_t thread_count;   /* threads that those samples come from */
    size_t process_count;
    uint64_t period_ns; /* 0: not known, or they differ */
    uint64_t duration_ns;
    bool duration_unknown; /* an input does not say how long it was */
    uint64_t lost_samples; /* due but not kept by the producer, or not readable any more */
    bool damaged;
    struct vmpt_fact format;
    struct vmpt_fact interpreter;
    struct vmpt_fact interpreter_version;
    struct vmpt_fact program;
    struct vmpt_input_facts *inputs;
    size_t input_count;
    uint64_t start_unix_ns; /* of the session that began first; 0: none says */
    uint32_t holds;         /* holds.h: what the inputs hold beside stacks and weights */
    struct vmpt_arena strings;
};

struct vmpt_load_error {
    size_t input; /* its index */
    struct vmpf_error error;
};

/* vmpt_profile_load() reads the inputs. VMPF_OK, or what went wrong with one of them, said in *err;
 * a metric that cannot be had is VMPF_E_ARG. Inputs that are damaged are read as far as they can be
 * (inputs[i].damage). The profile is freed by vmpt_profile_free(), which accepts NULL. */
vmpf_status vmpt_profile_load(struct vmpt_profile **out, const struct vmpt_inputs *inputs,
                              const struct vmpt_load_options *options, struct vmpt_load_error *err);
void vmpt_profile_free(struct vmpt_profile *profile);

/* Used while loading: adds what a feed that was read to its end knows (groups.c, facts.c).
 * vmpt_profile_group() puts what the tally kept apart below nodes for threads, processes or values of a label, into out, whose
 * functions are the profile's, too. False: memory is short. */
struct vmpt_thread_set;
bool vmpt_profile_group(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                        struct vmpt_tally *tally, enum vmpt_group by, struct vmpt_nodes *out);
/* squares.c: adds the squares of an input whose totals were read. */
vmpf_status vmpt_profile_add_squares(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                                     void (*tick)(void *ctx), void *ctx, struct vmpf_error *err);
bool vmpt_profile_add_facts(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                            struct vmpt_input_facts *facts);
bool vmpt_thread_set_add(struct vmpt_thread_set *set, const struct vmpt_feed *feed,
                         const struct vmpt_tally *tally);

/* The threads that samples came from, over all inputs. */
struct vmpt_thread_set {
    struct vmpt_thread_id {
        uint64_t process_id;
        uint64_t thread_id;
    } * items;
    size_t count;
    size_t capacity;
};
/* Sorts the set and counts what differs. */
void vmpt_thread_set_count(struct vmpt_thread_set *set, size_t *threads, size_t *processes);

#endif
