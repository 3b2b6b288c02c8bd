#include "tools/convert/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

#define FIRST_SLOTS 1024

bool conv_stacks_init(struct conv_stacks *stacks)
{
    memset(stacks, 0, sizeof(*stacks));
    stacks->slots = vmpt_array(FIRST_SLOTS, sizeof(*stacks->slots));
    stacks->slot_count = FIRST_SLOTS;
    stacks->count = 1;
    return stacks->slots &&
           vmpt_reserve(&stacks->items, &stacks->capacity, 1, sizeof(*stacks->items));
}

void conv_stacks_fini(struct conv_stacks *stacks)
{
    free(stacks->items);
    free(stacks->slots);
    memset(stacks, 0, sizeof(*stacks));
}

static size_t hash_of(uint32_t parent, uint32_t frame)
{
    uint64_t hash = ((uint64_t)parent << 32 | frame) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ hash >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    return (size_t)(hash ^ hash >> 32);
}

static bool grow_slots(struct conv_stacks *stacks)
{
    size_t count = stacks->slot_count * 2;
    uint32_t *slots = vmpt_array(count, sizeof(*slots));
    if (!slots) {
        return false;
    }
    for (size_t i = 1; i < stacks->count; i++) {
        size_t at = hash_of(stacks->items[i].parent, stacks->items[i].frame) & (count - 1);
        while (slots[at]) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = (uint32_t)i;
    }
    free(stacks->slots);
    stacks->slots = slots;
    stacks->slot_count = count;
    return true;
}

static uint32_t find(struct conv_stacks *stacks, uint32_t parent, uint32_t frame)
{
    if (stacks->count * 2 >= stacks->slot_count && !grow_slots(stacks)) {
        return 0;
    }
    size_t at = hash_of(parent, frame) & (stacks->slot_count - 1);
    for (; stacks->slots[at]; at = (at + 1) & (stacks->slot_count - 1)) {
        const struct conv_stack *stack = &stacks->items[stacks->slots[at]];
        if (stack->parent == parent && stack->frame == frame) {
            return stacks->slots[at];
        }
    }
    if (stacks->count >= UINT32_MAX || !vmpt_reserve(&stacks->items, &stacks->capacity,
                                                     stacks->count + 1, sizeof(*stacks->items))) {
        return 0;
    }
    stacks->items[stacks->count] = (struct conv_stack){.parent = parent, .frame = frame};
    stacks->slots[at] = (uint32_t)stacks->count;
    return (uint32_t)stacks->count++;
}

/* Most stacks call one other only, which stands near in memory: to look there first spares most of the time. */
uint32_t conv_stacks_intern(struct conv_stacks *stacks, uint32_t parent, uint32_t frame)
{
    uint32_t callee = stacks->items[parent].callee;
    if (callee && stacks->items[callee].frame == frame) {
        return callee;
    }
    uint32_t found = find(stacks, parent, frame);
    stacks->items[parent].callee = found;
    return found;
}
