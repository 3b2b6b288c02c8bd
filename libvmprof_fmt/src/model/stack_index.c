#include "libvmprof_fmt/src/model/stack_index.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY_BITS 6u

void vmpfi_stack_index_fini(struct vmpfi_stack_index *index)
{
    free(index->slots);
    memset(index, 0, sizeof *index);
}

void vmpfi_stack_index_clear(struct vmpfi_stack_index *index)
{
    vmpfi_stack_index_fini(index); /* most epochs are smaller than the largest */
}

size_t vmpfi_stack_index_bytes(const struct vmpfi_stack_index *index)
{
    return index->slots == NULL ? 0 : sizeof *index->slots << index->capacity_bits;
}

/* Where the search for a node begins. */
static size_t home_of(const struct vmpfi_stack_index *index, struct vmpf_stack stack)
{
    uint64_t key = (uint64_t)stack.parent << 32 | stack.location;
    key ^= key >> 29; /* both halves have to reach the high bits */
    return (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> (64 - index->capacity_bits));
}

uint32_t vmpfi_stack_index_find(const struct vmpfi_stack_index *index,
                                const struct vmpf_stack *stacks, struct vmpf_stack wanted)
{
    if (index->slots == NULL) {
        return 0;
    }
    size_t mask = ((size_t)1 << index->capacity_bits) - 1;
    for (size_t at = home_of(index, wanted);; at = (at + 1) & mask) {
        uint32_t node = index->slots[at];
        if (node == 0 ||
            (stacks[node].parent == wanted.parent && stacks[node].location == wanted.location)) {
            return node;
        }
    }
}

static void put(struct vmpfi_stack_index *index, const struct vmpf_stack *stacks, uint32_t node)
{
    size_t mask = ((size_t)1 << index->capacity_bits) - 1;
    size_t at = home_of(index, stacks[node]);
    while (index->slots[at] != 0) {
        at = (at + 1) & mask;
    }
    index->slots[at] = node;
}

static bool enlarge(struct vmpfi_stack_index *index, const struct vmpf_stack *stacks)
{
    struct vmpfi_stack_index larger = {
        .capacity_bits = index->slots == NULL ? FIRST_CAPACITY_BITS : index->capacity_bits + 1,
        .count = index->count};
    larger.slots = calloc((size_t)1 << larger.capacity_bits, sizeof *larger.slots);
    if (larger.slots == NULL) {
        return false;
    }
    size_t capacity = index->slots == NULL ? 0 : (size_t)1 << index->capacity_bits;
    for (size_t i = 0; i < capacity; i++) {
        if (index->slots[i] != 0) {
            put(&larger, stacks, index->slots[i]);
        }
    }
    free(index->slots);
    *index = larger;
    return true;
}

bool vmpfi_stack_index_insert(struct vmpfi_stack_index *index, const struct vmpf_stack *stacks,
                              uint32_t node)
{
    size_t capacity = index->slots == NULL ? 0 : (size_t)1 << index->capacity_bits;
    if ((index->count + 1) * 8 > capacity * 5 && !enlarge(index, stacks)) {
        return false;
    }
    put(index, stacks, node);
    index->count++;
    return true;
}
