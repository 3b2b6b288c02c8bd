/* sums.h: what the samples of all inputs come to, by stack, thread and labels: what is needed by formats that add samples up and
 * keep who they were of.
 */
#ifndef VMPROF_TOOLS_CONVERT_SUMS_H
#define VMPROF_TOOLS_CONVERT_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/nodes.h"
#include "tools/convert/tables.h"

/* Values are those of all sessions that can be added up; what samples weigh comes last. */
struct conv_value {
    const char *name;
    const char *unit;
};

struct conv_sum {
    uint32_t stack;
    uint32_t thread;
    uint32_t labels; /* number in sets; 0: none */
    uint32_t place;  /* of its values in their columns */
    uint64_t samples;
};

/* So many samples are on their way to their sums. */
#define CONV_SUMS_QUEUE 32u

/* A sample, with its values in the order of conv_sums.values. */
struct conv_queued {
    struct conv_sum wanted;
    uint64_t hash;
    uint64_t values[VMPF_MAX_VALUES];
};

struct conv_sums {
    struct conv_tables tables;
    struct vmpt_functions labels; /* name: the key; file: the text; address: the number */
    struct vmpt_nodes sets;       /* parent, and a label as its function; number 0 is none */
    struct conv_value values[VMPF_MAX_VALUES];
    size_t value_count;
    uint64_t *columns[VMPF_MAX_VALUES]; /* of each value: the sums, by place */
    size_t column_capacity[VMPF_MAX_VALUES];
    bool has_other_values;  /* some that cannot be added up, or are too many */
    struct conv_sum *items; /* by stack, thread and labels: what is alike stands together */
    size_t count;
    size_t capacity;
    uint32_t *slots; /* open addressing: index + 1, or 0 */
    size_t slot_count;
    /* While samples are added: those whose sum is not looked up yet, the oldest at queue[begun % CONV_SUMS_QUEUE]. */
    struct conv_queued *queue;
    size_t begun, ended;
    uint32_t *set_of; /* by id of the epoch: number + 1; 0: not seen yet */
    size_t set_capacity;
    uint32_t *path;
    size_t path_capacity;
    size_t session; /* that place_of is of */
    uint8_t
        place_of[VMPF_MAX_VALUES]; /* of a session's columns in values; VMPF_MAX_VALUES: left out */
};

/* Reads all inputs of job. VMPT_GO_ON or the exit code; conv_sums_fini() may always be called after it. */
int conv_sums_init(struct conv_sums *sums, struct conv_job *job);
void conv_sums_fini(struct conv_sums *sums);

/* What the samples of a sum come to, by the value's number. */
uint64_t conv_sums_value(const struct conv_sums *sums, const struct conv_sum *sum, size_t value);

/* The number of the next label of a set that is not overruled; *at is the set before the first. False: there is none.
 * A label's value is its text or, where that is empty, its number. */
bool conv_sums_label(const struct conv_sums *sums, uint32_t set, uint32_t *at, uint32_t *label);

#endif
