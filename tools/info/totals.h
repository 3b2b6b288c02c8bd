/* totals.h: what a file says that its samples come to, against the samples [F-5.9-3]. */
#ifndef VMPROF_TOOLS_INFO_TOTALS_H
#define VMPROF_TOOLS_INFO_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

/* A stack's number of samples, then the sum of each value: those of the samples less those of the totals, modulo 2^64. */
struct info_difference {
    uint64_t left[1 + VMPF_MAX_VALUES];
    bool stored; /* totals speak of it */
};

struct info_totals {
    struct info_difference *stacks; /* by id */
    size_t capacity;
    bool compared; /* totals were there and could be used */
};

/* Adds the samples of a block, out of a reader whose stacks are less than stack_count. False: memory is short. */
bool info_totals_add(struct info_totals *totals, uint32_t stack_count,
                     const struct vmpf_block *block);

/* Takes away what the same input's totals say; source is taken over. Without an index that can be used, and in a session without
 * an end, they cannot be found, and nothing is compared. */
vmpf_status info_totals_compare(struct info_totals *totals, struct vmpf_source source,
                                uint32_t stack_count, struct vmpf_error *err);

void info_totals_fini(struct info_totals *totals);

#endif
