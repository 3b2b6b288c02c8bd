#include "libvmprof_fmt/src/model/pair_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY_BITS 6u
#define LAST_CAPACITY_BITS 31u

/* Both numbers at once, in the order of memory. */
static uint64_t pair_at(const void *pairs, uint32_t number)
{
    uint64_t pair;
    memcpy(&pair, (const uint8_t *)pairs + (size_t)number * sizeof pair, sizeof pair);
    return pair;
}

static uint64_t pair_of(uint32_t first, uint32_t second)
{
    const uint32_t numbers[2] = {first, second};
    return pair_at(numbers, 0);
}

void vmpfi_pair_index_fini(struct vmpfi_pair_index *index)
{
    free(index->slots);
    memset(index, 0, sizeof *index);
}

void vmpfi_pair_index_clear(struct vmpfi_pair_index *index)
{
    vmpfi_pair_index_fini(index); /* most epochs are smaller than the largest */
}

size_t vmpfi_pair_index_bytes(const struct vmpfi_pair_index *index)
{
    return index->slots == NULL ? 0 : sizeof *index->slots << index->capacity_bits;
}

static uint64_t hash_of(uint64_t pair)
{
    pair ^= pair >> 29; /* both halves have to reach the high bits */
    return pair * UINT64_C(0x9E3779B97F4A7C15);
}

/* Where the search for a pair begins. */
static size_t home_of(const struct vmpfi_pair_index *index, uint64_t hash)
{
    return (size_t)(hash >> (64 - index->capacity_bits));
}

/* The bits of a slot that a number does not need say whose it may be. */
static uint32_t tag_of(const struct vmpfi_pair_index *index, uint64_t hash)
{
    return (uint32_t)(hash >> 8) << index->capacity_bits;
}

uint32_t vmpfi_pair_index_find(const struct vmpfi_pair_index *index, const void *pairs,
                               uint32_t first, uint32_t second)
{
    if (index->slots == NULL) {
        return 0;
    }
    uint64_t wanted = pair_of(first, second);
    uint64_t hash = hash_of(wanted);
    uint32_t tag = tag_of(index, hash);
    uint32_t mask = (UINT32_C(1) << index->capacity_bits) - 1;
    for (size_t at = home_of(index, hash);; at = (at + 1) & mask) {
        uint32_t slot = index->slots[at];
        /* Only an entry that is most likely the one is looked at: it lies elsewhere, in memory that is far. */
        if (slot == 0 || ((slot & ~mask) == tag && pair_at(pairs, slot & mask) == wanted)) {
            return slot & mask;
        }
    }
}

static void put(struct vmpfi_pair_index *index, const void *pairs, uint32_t number)
{
    uint64_t hash = hash_of(pair_at(pairs, number));
    size_t mask = ((size_t)1 << index->capacity_bits) - 1;
    size_t at = home_of(index, hash);
    while (index->slots[at] != 0) {
        at = (at + 1) & mask;
    }
    index->slots[at] = tag_of(index, hash) | number;
}

static bool enlarge(struct vmpfi_pair_index *index, const void *pairs)
{
    struct vmpfi_pair_index larger = {
        .capacity_bits = index->slots == NULL ? FIRST_CAPACITY_BITS : index->capacity_bits + 1,
        .count = index->count};
    if (larger.capacity_bits > LAST_CAPACITY_BITS) {
        return false;
    }
    larger.slots = calloc((size_t)1 << larger.capacity_bits, sizeof *larger.slots);
    if (larger.slots == NULL) {
        return false;
    }
    size_t capacity = index->slots == NULL ? 0 : (size_t)1 << index->capacity_bits;
    for (size_t i = 0; i < capacity; i++) {
        if (index->slots[i] != 0) {
            put(&larger, pairs, index->slots[i] & (uint32_t)(capacity - 1));
        }
    }
    free(index->slots);
    *index = larger;
    return true;
}

bool vmpfi_pair_index_insert(struct vmpfi_pair_index *index, const void *pairs, uint32_t number)
{
    size_t capacity = index->slots == NULL ? 0 : (size_t)1 << index->capacity_bits;
    if ((index->count + 1) * 8 > capacity * 5 && !enlarge(index, pairs)) {
        return false;
    }
    assert(index->slots != NULL);
    put(index, pairs, number);
    index->count++;
    return true;
}
