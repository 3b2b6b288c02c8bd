/* stack_index.h: finds a node of the stack tree by its parent and location. Private.
 *
 * A slot is a node's number, and no more: with a million nodes the index is what a recording costs in memory. Probes
 * linearly, at a load of at most 5/8. */
#ifndef VMPROF_FMT_MODEL_STACK_INDEX_H
#define VMPROF_FMT_MODEL_STACK_INDEX_H

#include <vmprof/vmpf.h>

struct vmpfi_stack_index {
    uint32_t *slots; /* 0: free */
    unsigned capacity_bits;
    size_t count;
};

void vmpfi_stack_index_fini(struct vmpfi_stack_index *index);
void vmpfi_stack_index_clear(struct vmpfi_stack_index *index);
size_t vmpfi_stack_index_bytes(const struct vmpfi_stack_index *index);
/* The node of stacks with this parent and location; 0: there is none. */
uint32_t vmpfi_stack_index_find(const struct vmpfi_stack_index *index,
                                const struct vmpf_stack *stacks, struct vmpf_stack wanted);
/* Adds node number `node` of stacks, which must not be there yet. false: no memory. */
bool vmpfi_stack_index_insert(struct vmpfi_stack_index *index, const struct vmpf_stack *stacks,
                              uint32_t node);

#endif
