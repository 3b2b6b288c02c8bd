#include "tools/analysis/nodes.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

bool vmpt_nodes_init(struct vmpt_nodes *nodes)
{
    memset(nodes, 0, sizeof(*nodes));
    struct vmpt_node_key root = {.function = UINT32_MAX};
    return vmpt_nodes_append(nodes, &root) == 0;
}

void vmpt_nodes_fini(struct vmpt_nodes *nodes)
{
    free(nodes->keys);
    free(nodes->cells);
    free(nodes->peaks);
    free(nodes->slots);
}

void vmpt_nodes_clear(struct vmpt_nodes *nodes)
{
    memset(nodes->cells, 0, nodes->count * sizeof(*nodes->cells));
    if (nodes->peaks) {
        memset(nodes->peaks, 0, nodes->count * sizeof(*nodes->peaks));
    }
    if (nodes->slot_count) {
        memset(nodes->slots, 0, nodes->slot_count * sizeof(*nodes->slots));
    }
    nodes->count = 1;
}

bool vmpt_nodes_keep_peaks(struct vmpt_nodes *nodes)
{
    return vmpt_reserve(&nodes->peaks, &nodes->peak_capacity, nodes->count, sizeof(*nodes->peaks));
}

uint32_t vmpt_nodes_append(struct vmpt_nodes *nodes, const struct vmpt_node_key *key)
{
    size_t needed = nodes->count + 1;
    if (needed >= VMPT_NO_NODE) {
        return VMPT_NO_NODE;
    }
    if (!vmpt_reserve(&nodes->keys, &nodes->capacity, needed, sizeof(*nodes->keys)) ||
        !vmpt_reserve(&nodes->cells, &nodes->cell_capacity, needed, sizeof(*nodes->cells))) {
        return VMPT_NO_NODE;
    }
    if (nodes->peaks &&
        !vmpt_reserve(&nodes->peaks, &nodes->peak_capacity, needed, sizeof(*nodes->peaks))) {
        return VMPT_NO_NODE;
    }
    nodes->keys[nodes->count] = *key;
    return (uint32_t)nodes->count++;
}

static uint64_t key_hash(const struct vmpt_node_key *key)
{
    uint64_t hash = ((uint64_t)key->parent << 32 | key->function) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 29;
    hash = (hash ^ ((uint64_t)key->line << 8 | key->kind)) * UINT64_C(0xBF58476D1CE4E5B9);
    return hash ^ hash >> 32;
}

static bool is_equal(const struct vmpt_node_key *a, const struct vmpt_node_key *b)
{
    return a->parent == b->parent && a->function == b->function && a->line == b->line &&
           a->kind == b->kind;
}

static bool grow_slots(struct vmpt_nodes *nodes)
{
    size_t count = nodes->slot_count ? nodes->slot_count : 1024;
    while (count <= nodes->count * 2) { /* nodes that were appended are counted, too */
        count *= 2;
    }
    uint32_t *slots = vmpt_array(count, sizeof(*slots));
    if (!slots) {
        return false;
    }
    for (size_t i = 1; i < nodes->count; i++) {
        size_t at = (size_t)key_hash(&nodes->keys[i]) & (count - 1);
        while (slots[at]) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = (uint32_t)i + 1;
    }
    free(nodes->slots);
    nodes->slots = slots;
    nodes->slot_count = count;
    return true;
}

uint32_t vmpt_nodes_intern(struct vmpt_nodes *nodes, const struct vmpt_node_key *key)
{
    if (nodes->count * 2 >= nodes->slot_count && !grow_slots(nodes)) {
        return VMPT_NO_NODE;
    }
    size_t at = (size_t)key_hash(key) & (nodes->slot_count - 1);
    for (; nodes->slots[at]; at = (at + 1) & (nodes->slot_count - 1)) {
        uint32_t index = nodes->slots[at] - 1;
        if (is_equal(&nodes->keys[index], key)) {
            return index;
        }
    }
    uint32_t index = vmpt_nodes_append(nodes, key);
    if (index != VMPT_NO_NODE) {
        nodes->slots[at] = index + 1;
    }
    return index;
}
