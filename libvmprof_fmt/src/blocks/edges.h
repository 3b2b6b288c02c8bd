/* edges.h: the locations of a STACKS chunk as call edges [F-5.4-4] to [F-5.4-7]. Private.
 *
 * A callee is named by its place in the list of those that its caller's location has called before in the chunk: a small
 * number, mostly. */
#ifndef VMPROF_FMT_BLOCKS_EDGES_H
#define VMPROF_FMT_BLOCKS_EDGES_H

#include "libvmprof_fmt/src/blocks/scratch.h"

#include <vmprof/vmpf.h>

/* The three columns. */
struct vmpfi_edges {
    const uint32_t *edges; /* of all entries; not used in reading */
    const uint32_t *new_locations;
    const uint32_t *outer_locations;
    size_t count;
    size_t new_count, outer_count;
};

/* Parents that stand before the chunk, in the order of their first use, and the locations that the chunk says they have. */
struct vmpfi_outer_parents {
    const uint32_t *parents;
    const uint32_t *locations;
    size_t count;
};

/* vmpfi_edges_find() makes the edges of entries [first, first + count) of stacks, in slots of scratch from slot on (five), and
 * with both of its maps. VMPF_E_NOMEM. */
vmpf_status vmpfi_edges_find(struct vmpfi_edges *out, struct vmpfi_scratch *scratch, unsigned slot,
                             const struct vmpf_stack *stacks, size_t first, size_t count,
                             size_t location_count);

/* What the reader has of the epoch: one more than the greatest ids that are likely. */
struct vmpfi_known {
    size_t locations, nodes;
};

/* vmpfi_edges_follow() gives each entry its location: locations holds column 3 before. distances are those of column 1, checked
 * [F-5.4-2]. Five slots of scratch from slot on and both maps are used. VMPF_E_NOMEM, or VMPF_E_CORRUPT with *rule the id of the rule that is broken. */
vmpf_status vmpfi_edges_follow(const struct vmpfi_edges *edges, struct vmpfi_scratch *scratch,
                               unsigned slot, uint64_t first, const uint32_t *distances,
                               const struct vmpfi_known *known, uint32_t *locations,
                               struct vmpfi_outer_parents *outer, const char **rule);

#endif
