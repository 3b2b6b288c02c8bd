/* metric.h: which of the values that samples carry is the weight.
 *
 * Without a choice of the user's: `cpu` where every session has it, else the first that all have.
 * Sessions are seen one after the other, and each may take away what the ones before offered: the
 * reading then starts again with what is left.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_METRIC_H
#define VMPROF_TOOLS_ANALYSIS_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <vmprof/vmpf.h>

#define VMPT_METRIC_NAME_BYTES 64
#define VMPT_METRIC_UNIT_BYTES 16

struct vmpt_metric {
    char name[VMPT_METRIC_NAME_BYTES];
    char unit[VMPT_METRIC_UNIT_BYTES];
};

struct vmpt_metric_choice {
    const char *wanted; /* the user's choice; NULL: none */
    bool narrowed;      /* candidates is what the sessions so far have in common */
    size_t candidate_count;
    struct vmpt_metric candidates[VMPF_MAX_VALUES];
    bool chosen;
    struct vmpt_metric metric;
};

enum vmpt_metric_result {
    VMPT_METRIC_FOUND,
    VMPT_METRIC_AGAIN, /* the metric chosen before is not in this session: start again */
    VMPT_METRIC_NONE,  /* see err */
};

/* *column gets the index of the metric in info's values, or -1: each sample weighs 1. `samples` is
 * a metric that every session has, and the only one of a session without values. */
enum vmpt_metric_result vmpt_metric_find(struct vmpt_metric_choice *choice,
                                         const struct vmpf_info *info, int *column,
                                         struct vmpf_error *err);

/* A gauge is a level, not an amount: it has a mean and a maximum, and no sum. */
bool vmpt_metric_is_gauge(const struct vmpt_metric *metric);
bool vmpt_metric_name_is_gauge(const char *name);
/* The unit measures what was sampled, so that shares have a sampling error to speak of. */
bool vmpt_metric_is_sampled(const struct vmpt_metric *metric);

#endif
