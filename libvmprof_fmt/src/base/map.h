/* map.h: the two hash tables that the dictionary needs. Private.
 *
 * vmpfi_map64: 64-bit key to 32-bit number. vmpfi_index: numbers of entries that live elsewhere, found by hash
 * and a comparison of the caller. Both probe linearly at a load of at most 5/8. */
#ifndef VMPROF_FMT_BASE_MAP_H
#define VMPROF_FMT_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmpfi_map64_slot {
    uint64_t key;
    uint32_t value; /* number + 1; 0: free */
};

struct vmpfi_map64 {
    struct vmpfi_map64_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

void vmpfi_map64_fini(struct vmpfi_map64 *map);
void vmpfi_map64_clear(struct vmpfi_map64 *map);
/* Room for count keys, so that no insertion has to move the others. The map must be empty. false: no memory. */
bool vmpfi_map64_reserve(struct vmpfi_map64 *map, size_t count);
bool vmpfi_map64_find(const struct vmpfi_map64 *map, uint64_t key, uint32_t *number);
/* The key must not be there yet; number is less than UINT32_MAX. false: no memory. */
bool vmpfi_map64_insert(struct vmpfi_map64 *map, uint64_t key, uint32_t number);

struct vmpfi_index_slot {
    uint32_t hash;
    uint32_t value; /* number + 1; 0: free */
};

struct vmpfi_index {
    struct vmpfi_index_slot *slots;
    size_t capacity;
    size_t count;
};

typedef bool vmpfi_index_equal(const void *ctx, uint32_t number, const void *key);

void vmpfi_index_fini(struct vmpfi_index *index);
void vmpfi_index_clear(struct vmpfi_index *index);
bool vmpfi_index_find(const struct vmpfi_index *index, uint64_t hash, vmpfi_index_equal *equal,
                      const void *ctx, const void *key, uint32_t *number);
bool vmpfi_index_insert(struct vmpfi_index *index, uint64_t hash, uint32_t number);

/* A good mixing of 64 bits, and of bytes. Not stable between versions: never stored. */
uint64_t vmpfi_hash64(uint64_t value);
uint64_t vmpfi_hash_bytes(const void *data, size_t size_bytes);

#endif
