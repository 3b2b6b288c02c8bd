/* tally.h: what samples come to, stack by stack, as they are written. Private. */
#ifndef VMPROF_FMT_BLOCKS_TALLY_H
#define VMPROF_FMT_BLOCKS_TALLY_H

#include "libvmprof_fmt/src/blocks/samples.h"
#include "libvmprof_fmt/src/blocks/totals.h"

struct vmpfi_tally {
    uint32_t *row_of_node; /* row + 1; 0: none */
    size_t node_capacity;
    uint64_t *rows; /* of 1 + value_count numbers: samples, sums */
    size_t row_count, row_capacity;
    size_t value_count;
    unsigned forgotten; /* how often, in the epoch */
    uint64_t first;     /* number of the first sample */
    uint64_t covered;   /* samples */
};

void vmpfi_tally_fini(struct vmpfi_tally *t);
size_t vmpfi_tally_bytes(const struct vmpfi_tally *t);
/* Nothing is counted; the next sample is number `first`. Keeps its memory. */
void vmpfi_tally_clear(struct vmpfi_tally *t, uint64_t first);

/* vmpfi_tally_reserve() makes room for the samples, whose stacks are less than node_count; then vmpfi_tally_add() cannot
 * fail. false: no memory. */
bool vmpfi_tally_reserve(struct vmpfi_tally *t, const struct vmpfi_samples *samples,
                         size_t node_count);
void vmpfi_tally_add(struct vmpfi_tally *t, const struct vmpfi_samples *samples);

/* Whether totals are shorter to read than samples are [F-5.9-4]. */
bool vmpfi_tally_pays(const struct vmpfi_tally *t);

/* vmpfi_tally_encode() appends the payload of a TOTALS chunk. VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_tally_encode(const struct vmpfi_tally *t, struct vmpfi_buffer *out,
                               struct vmpfi_scratch *scratch);

#endif
