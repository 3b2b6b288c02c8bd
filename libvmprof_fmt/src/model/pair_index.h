/* pair_index.h: finds an entry of a table by the two numbers that it is: a node of the stack tree by its parent and location, a
 * location by its function and line. Private.
 *
 * A slot is an entry's number, and no more: with a million entries the index is what a recording costs in memory.
 * Probes linearly, at a load of at most 5/8. The entries are the table's own: `pairs` is its first, of eight bytes each. */
#ifndef VMPROF_FMT_MODEL_PAIR_INDEX_H
#define VMPROF_FMT_MODEL_PAIR_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmpfi_pair_index {
    uint32_t *slots; /* 0: free */
    unsigned capacity_bits;
    size_t count;
};

void vmpfi_pair_index_fini(struct vmpfi_pair_index *index);
void vmpfi_pair_index_clear(struct vmpfi_pair_index *index);
size_t vmpfi_pair_index_bytes(const struct vmpfi_pair_index *index);
/* The number of the entry that is (first, second); 0: there is none. */
uint32_t vmpfi_pair_index_find(const struct vmpfi_pair_index *index, const void *pairs,
                               uint32_t first, uint32_t second);
/* Adds entry `number`, which must not be there yet. false: no memory. */
bool vmpfi_pair_index_insert(struct vmpfi_pair_index *index, const void *pairs, uint32_t number);

#endif
