/* edges_find.c: names the entries of a STACKS chunk by call edges [F-5.4-5]. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/edges.h"

#include <string.h>

struct finder {
    struct vmpfi_edges *out;
    struct vmpfi_map64 *ordinals; /* caller's and callee's location: place in the caller's list */
    struct vmpfi_map64 *outer;    /* parents before the chunk that were used */
    uint32_t *callee_counts;      /* by location */
    uint32_t *edges, *added, *outer_locations;
};

static bool note_outer_parent(struct finder *f, uint32_t parent, uint32_t location)
{
    uint32_t seen;
    if (vmpfi_map64_find(f->outer, parent, &seen)) {
        return true;
    }
    f->outer_locations[f->out->outer_count++] = location;
    return vmpfi_map64_insert(f->outer, parent, 0);
}

static bool add_edge(struct finder *f, size_t i, uint32_t caller, uint32_t callee)
{
    uint64_t key = (uint64_t)caller << 32 | callee;
    uint32_t ordinal;
    if (vmpfi_map64_find(f->ordinals, key, &ordinal)) {
        f->edges[i] = ordinal + 1;
        return true;
    }
    f->edges[i] = 0;
    f->added[f->out->new_count++] = callee;
    return vmpfi_map64_insert(f->ordinals, key, f->callee_counts[caller]++);
}

vmpf_status vmpfi_edges_find(struct vmpfi_edges *out, struct vmpfi_scratch *scratch, unsigned slot,
                             const struct vmpf_stack *stacks, size_t first, size_t count,
                             size_t location_count)
{
    struct finder f = {.out = out,
                       .ordinals = &scratch->maps[0],
                       .outer = &scratch->maps[1],
                       .callee_counts = vmpfi_scratch_words(scratch, slot, location_count),
                       .edges = vmpfi_scratch_words(scratch, slot + 1, count),
                       .added = vmpfi_scratch_words(scratch, slot + 2, count),
                       .outer_locations = vmpfi_scratch_words(scratch, slot + 3, count)};
    if (f.callee_counts == NULL || f.edges == NULL || f.added == NULL ||
        f.outer_locations == NULL) {
        return VMPF_E_NOMEM;
    }
    *out = (struct vmpfi_edges){.edges = f.edges,
                                .new_locations = f.added,
                                .outer_locations = f.outer_locations,
                                .count = count};
    memset(f.callee_counts, 0, location_count * sizeof *f.callee_counts);
    vmpfi_map64_clear(f.ordinals);
    vmpfi_map64_clear(f.outer);
    for (size_t i = 0; i < count; i++) {
        const struct vmpf_stack *entry = &stacks[first + i];
        uint32_t caller = stacks[entry->parent].location;
        if (entry->parent != 0 && entry->parent < first &&
            !note_outer_parent(&f, entry->parent, caller)) {
            return VMPF_E_NOMEM;
        }
        if (!add_edge(&f, i, caller, entry->location)) {
            return VMPF_E_NOMEM;
        }
    }
    return VMPF_OK;
}
