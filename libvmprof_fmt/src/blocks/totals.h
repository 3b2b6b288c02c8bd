/* totals.h: the payload of TOTALS (spec 5.9). Private. */
#ifndef VMPROF_FMT_BLOCKS_TOTALS_H
#define VMPROF_FMT_BLOCKS_TOTALS_H

#include "libvmprof_fmt/src/blocks/columnset.h"
#include "libvmprof_fmt/src/blocks/tables.h"

#include <vmprof/vmpf.h>

/* What the samples [first, first + covered) come to: entry i is of stacks[i]. */
struct vmpfi_totals {
    uint64_t first;
    uint64_t covered;
    size_t count;
    size_t value_count;
    uint32_t *stacks; /* growing [F-5.9-2] */
    uint64_t *samples;
    uint64_t *sums[VMPF_MAX_VALUES];
};

/* vmpfi_totals_encode() appends the payload. VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_totals_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                const struct vmpfi_totals *totals);

/* vmpfi_totals_decode() checks [F-5.9-2] and [F-4-*]. The arrays live in scratch. */
vmpf_status vmpfi_totals_decode(struct vmpfi_totals *out, struct vmpfi_scratch *scratch,
                                size_t value_count, const struct vmpfi_payload *payload,
                                struct vmpf_error *err);

#endif
