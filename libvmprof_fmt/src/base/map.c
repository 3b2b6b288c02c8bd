#include "libvmprof_fmt/src/base/map.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)64)

uint64_t vmpfi_hash64(uint64_t value)
{
    value ^= value >> 32;
    value *= UINT64_C(0xD6E8FEB86659FD93);
    value ^= value >> 32;
    value *= UINT64_C(0xD6E8FEB86659FD93);
    return value ^ (value >> 32);
}

uint64_t vmpfi_hash_bytes(const void *data, size_t size_bytes)
{
    const uint8_t *bytes = data;
    uint64_t hash = size_bytes;
    while (size_bytes >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        hash = vmpfi_hash64(hash ^ word) + word;
        bytes += 8;
        size_bytes -= 8;
    }
    uint64_t rest = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        rest |= (uint64_t)bytes[i] << (8 * i);
    }
    return vmpfi_hash64(hash ^ rest);
}

static bool too_full(size_t count, size_t capacity)
{
    return (count + 1) * 8 > capacity * 5;
}

void vmpfi_map64_fini(struct vmpfi_map64 *map)
{
    free(map->slots);
    memset(map, 0, sizeof *map);
}

void vmpfi_map64_clear(struct vmpfi_map64 *map)
{
    if (map->capacity > 0) {
        memset(map->slots, 0, map->capacity * sizeof *map->slots);
    }
    map->count = 0;
}

static struct vmpfi_map64_slot *map64_slot(const struct vmpfi_map64 *map, uint64_t key)
{
    size_t at = vmpfi_hash64(key) & (map->capacity - 1);
    while (map->slots[at].value != 0 && map->slots[at].key != key) {
        at = (at + 1) & (map->capacity - 1);
    }
    return &map->slots[at];
}

bool vmpfi_map64_find(const struct vmpfi_map64 *map, uint64_t key, uint32_t *number)
{
    if (map->capacity == 0) {
        return false;
    }
    const struct vmpfi_map64_slot *slot = map64_slot(map, key);
    if (slot->value == 0) {
        return false;
    }
    *number = slot->value - 1;
    return true;
}

bool vmpfi_map64_reserve(struct vmpfi_map64 *map, size_t count)
{
    size_t capacity = FIRST_CAPACITY;
    while (too_full(count, capacity)) {
        capacity *= 2;
    }
    if (capacity <= map->capacity) {
        return true;
    }
    struct vmpfi_map64_slot *slots = calloc(capacity, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    free(map->slots);
    *map = (struct vmpfi_map64){.slots = slots, .capacity = capacity};
    return true;
}

static bool map64_enlarge(struct vmpfi_map64 *map)
{
    struct vmpfi_map64 larger = {
        .capacity = map->capacity == 0 ? FIRST_CAPACITY : map->capacity * 2, .count = map->count};
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (larger.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].value != 0) {
            *map64_slot(&larger, map->slots[i].key) = map->slots[i];
        }
    }
    free(map->slots);
    *map = larger;
    return true;
}

bool vmpfi_map64_insert(struct vmpfi_map64 *map, uint64_t key, uint32_t number)
{
    if (too_full(map->count, map->capacity) && !map64_enlarge(map)) {
        return false;
    }
    struct vmpfi_map64_slot *slot = map64_slot(map, key);
    slot->key = key;
    slot->value = number + 1;
    map->count++;
    return true;
}

void vmpfi_index_fini(struct vmpfi_index *index)
{
    free(index->slots);
    memset(index, 0, sizeof *index);
}

void vmpfi_index_clear(struct vmpfi_index *index)
{
    if (index->capacity > 0) {
        memset(index->slots, 0, index->capacity * sizeof *index->slots);
    }
    index->count = 0;
}

bool vmpfi_index_find(const struct vmpfi_index *index, uint64_t hash, vmpfi_index_equal *equal,
                      const void *ctx, const void *key, uint32_t *number)
{
    if (index->capacity == 0) {
        return false;
    }
    size_t at = hash & (index->capacity - 1);
    while (index->slots[at].value != 0) {
        uint32_t candidate = index->slots[at].value - 1;
        if (index->slots[at].hash == (uint32_t)hash && equal(ctx, candidate, key)) {
            *number = candidate;
            return true;
        }
        at = (at + 1) & (index->capacity - 1);
    }
    return false;
}

static void index_put(struct vmpfi_index *index, struct vmpfi_index_slot slot)
{
    size_t at = slot.hash & (index->capacity - 1);
    while (index->slots[at].value != 0) {
        at = (at + 1) & (index->capacity - 1);
    }
    index->slots[at] = slot;
}

static bool index_enlarge(struct vmpfi_index *index)
{
    struct vmpfi_index larger = {.capacity =
                                     index->capacity == 0 ? FIRST_CAPACITY : index->capacity * 2,
                                 .count = index->count};
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (larger.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < index->capacity; i++) {
        if (index->slots[i].value != 0) {
            index_put(&larger, index->slots[i]);
        }
    }
    free(index->slots);
    *index = larger;
    return true;
}

bool vmpfi_index_insert(struct vmpfi_index *index, uint64_t hash, uint32_t number)
{
    if (too_full(index->count, index->capacity) && !index_enlarge(index)) {
        return false;
    }
    index_put(index, (struct vmpfi_index_slot){.hash = (uint32_t)hash, .value = number + 1});
    index->count++;
    return true;
}
