#include "tools/import/keys.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024u

void import_keys_fini(struct import_keys *keys)
{
    free(keys->slots);
    memset(keys, 0, sizeof(*keys));
}

/* The slot of a key, or the free one where it belongs. */
static struct import_key *find(struct import_key *slots, size_t slot_count, uint64_t process_id,
                               uint64_t key)
{
    uint64_t hash = (key ^ process_id << 32) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (slot_count - 1);
    while (slots[at].index && (slots[at].key != key || slots[at].process_id != process_id)) {
        at = (at + 1) & (slot_count - 1);
    }
    return &slots[at];
}

uint32_t import_keys_get(const struct import_keys *keys, uint64_t process_id, uint64_t key)
{
    return keys->slot_count ? find(keys->slots, keys->slot_count, process_id, key)->index - 1
                            : UINT32_MAX;
}

static bool grow(struct import_keys *keys)
{
    size_t slot_count = keys->slot_count ? 2 * keys->slot_count : FIRST_SLOTS;
    struct import_key *slots = calloc(slot_count, sizeof(*slots));
    if (!slots) {
        return false;
    }
    for (size_t i = 0; i < keys->slot_count; i++) {
        const struct import_key *old = &keys->slots[i];
        if (old->index) {
            *find(slots, slot_count, old->process_id, old->key) = *old;
        }
    }
    free(keys->slots);
    keys->slots = slots;
    keys->slot_count = slot_count;
    return true;
}

bool import_keys_set(struct import_keys *keys, uint64_t process_id, uint64_t key, uint32_t index)
{
    if (2 * (keys->count + 1) > keys->slot_count && !grow(keys)) {
        return false;
    }
    struct import_key *slot = find(keys->slots, keys->slot_count, process_id, key);
    keys->count += slot->index == 0;
    *slot = (struct import_key){process_id, key, index + 1};
    return true;
}
