/* labels.h: what the label sets of samples [F-5.7] say: whether a filter keeps them, and which value a key has.
 *
 * A set is found out from its parent, once: what a sample costs does not depend on how many labels it has.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_LABELS_H
#define VMPROF_TOOLS_ANALYSIS_LABELS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

/* Keys that differ, in one filter. */
#define VMPT_LABEL_MOST_KEYS 31

/* A label with this key and a value that matches: its text, or its number in decimal. */
struct vmpt_label_pattern {
    const char *key;
    unsigned key_number;  /* the same for patterns with one key; below VMPT_LABEL_MOST_KEYS */
    const regex_t *value; /* NULL: any */
};

/* Of patterns with one key, one has to match; of each key, one. None: every set is kept. */
struct vmpt_label_filter {
    const struct vmpt_label_pattern *items;
    size_t count;
};

struct vmpt_label_sets {
    const struct vmpt_label_filter *filter;
    const char *key; /* whose values vmpt_label_sets_find() finds; NULL: none */
    /* Where sets come from: a reader or a feed. NULL: there are none but set 0. */
    struct vmpf_label (*label)(const void *ctx, uint32_t id);
    uint32_t (*label_count)(const void *ctx);
    const void *ctx;
    uint32_t all; /* the bits of all keys */
    uint32_t *bits;
    size_t bit_capacity;
    uint32_t *holders; /* by set: 1 + the nearest one whose own key is `key`; 0: not known */
    size_t holder_capacity;
    uint32_t count; /* sets that the arrays have room for */
    uint32_t *path;
    size_t path_capacity;
};

/* Lifetime: the arguments'. */
void vmpt_label_sets_init(struct vmpt_label_sets *sets, const struct vmpt_label_filter *filter,
                          const char *key);
void vmpt_label_sets_fini(struct vmpt_label_sets *sets);

/* Ids are from now on those of ctx, or of another epoch of it. */
void vmpt_label_sets_restart(struct vmpt_label_sets *sets,
                             struct vmpf_label (*label)(const void *ctx, uint32_t id),
                             uint32_t (*label_count)(const void *ctx), const void *ctx);
/* Whether the filter keeps a set; one that is in no table is kept as one without labels.
 * Sets *failed where memory is short. */
bool vmpt_label_sets_keeps(struct vmpt_label_sets *sets, uint32_t id, bool *failed);
/* The set on the path of a set whose own label has the value of `key` [F-5.7-2]; 0: none has. Sets *failed where memory is
 * short. */
uint32_t vmpt_label_sets_find(struct vmpt_label_sets *sets, uint32_t id, bool *failed);

#endif
