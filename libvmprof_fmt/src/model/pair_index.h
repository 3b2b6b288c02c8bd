/* pair_index.h: finds an entry of a table by the two numbers that it is: a node of the stack tree by its parent and location, a
 * location by its function and line. Private.
 *
 * A slot is four bytes, and no more: with a million entries the index is what a recording costs in memory. Its low bits are an
 * entry's number, the others are of the hash of that entry. Probes linearly, at a load of at most 5/8. The entries are the
 * table's own, numbered from 1 without a gap: `pairs` is its first, of eight bytes each. */
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
/* Adds entry `number`, the one behind those that are there. false: no memory, or more than 1.3 thousand million entries. */
bool vmpfi_pair_index_insert(struct vmpfi_pair_index *index, const void *pairs, uint32_t number);

#endif
