#include "tools/analysis/labels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/analysis/view.h"

/* Of a set that was found out. The bits below are of keys: the set's value is one that the filter wants. */
#define IS_KNOWN (UINT32_C(1) << VMPT_LABEL_MOST_KEYS)

void vmpt_label_sets_init(struct vmpt_label_sets *sets, const struct vmpt_label_filter *filter,
                          const char *key)
{
    memset(sets, 0, sizeof(*sets));
    sets->filter = filter;
    sets->key = key;
    for (size_t i = 0; i < filter->count; i++) {
        sets->all |= UINT32_C(1) << filter->items[i].key_number;
    }
}

void vmpt_label_sets_fini(struct vmpt_label_sets *sets)
{
    free(sets->bits);
    free(sets->holders);
    free(sets->path);
}

void vmpt_label_sets_restart(struct vmpt_label_sets *sets,
                             struct vmpf_label (*label)(const void *ctx, uint32_t id),
                             uint32_t (*label_count)(const void *ctx), const void *ctx)
{
    sets->label = label;
    sets->label_count = label_count;
    sets->ctx = ctx;
    if (sets->bit_capacity) {
        memset(sets->bits, 0, sets->bit_capacity * sizeof(*sets->bits));
    }
    if (sets->holder_capacity) {
        memset(sets->holders, 0, sets->holder_capacity * sizeof(*sets->holders));
    }
    sets->count = 0;
}

static bool has_key(const struct vmpf_label *label, const char *key)
{
    size_t size = strlen(key);
    return label->key.size_bytes == size && memcmp(label->key.data, key, size) == 0;
}

static bool has_value(const struct vmpf_label *label, const regex_t *value)
{
    struct vmpt_patterns patterns = {value, 1};
    char number[24];
    if (!value) {
        return true;
    }
    if (label->text.size_bytes) {
        return vmpt_patterns_match(&patterns, label->text.data, label->text.size_bytes);
    }
    int size = snprintf(number, sizeof(number), "%" PRIu64, label->number);
    return vmpt_patterns_match(&patterns, number, (size_t)size);
}

static uint32_t parent_of(const struct vmpt_label_sets *sets, uint32_t id)
{
    uint32_t parent = sets->label(sets->ctx, id).parent;
    return parent < id ? parent : 0;
}

/* From what is known of its parent, what is known of a set. Its own label hides those of the same key further out. */
static void learn_one(struct vmpt_label_sets *sets, uint32_t id)
{
    const struct vmpt_label_filter *filter = sets->filter;
    struct vmpf_label label = sets->label(sets->ctx, id);
    uint32_t parent = parent_of(sets, id);
    uint32_t bits = sets->bits[parent];
    uint32_t own = 0;
    for (size_t i = 0; i < filter->count; i++) {
        const struct vmpt_label_pattern *pattern = &filter->items[i];
        if (has_key(&label, pattern->key)) {
            uint32_t bit = UINT32_C(1) << pattern->key_number;
            bits &= ~bit;
            own |= has_value(&label, pattern->value) ? bit : 0;
        }
    }
    sets->bits[id] = bits | own | IS_KNOWN;
    sets->holders[id] = sets->key && has_key(&label, sets->key) ? 1 + id : sets->holders[parent];
}

static bool make_room(struct vmpt_label_sets *sets, uint32_t id)
{
    if (id >= sets->count) {
        if (!vmpt_reserve(&sets->bits, &sets->bit_capacity, (size_t)id + 1, sizeof(*sets->bits)) ||
            !vmpt_reserve(&sets->holders, &sets->holder_capacity, (size_t)id + 1,
                          sizeof(*sets->holders))) {
            return false;
        }
        sets->count = id + 1;
        sets->bits[0] = IS_KNOWN; /* set 0 has no label */
        sets->holders[0] = 1;
    }
    return true;
}

static bool learn(struct vmpt_label_sets *sets, uint32_t id)
{
    size_t depth = 0;
    if (!make_room(sets, id)) {
        return false;
    }
    for (; !(sets->bits[id] & IS_KNOWN); id = parent_of(sets, id)) {
        if (!vmpt_reserve(&sets->path, &sets->path_capacity, depth + 1, sizeof(*sets->path))) {
            return false;
        }
        sets->path[depth++] = id;
    }
    while (depth > 0) {
        learn_one(sets, sets->path[--depth]);
    }
    return true;
}

static bool has_labels(const struct vmpt_label_sets *sets, uint32_t id)
{
    return sets->label && id != 0 && id < sets->label_count(sets->ctx);
}

bool vmpt_label_sets_keeps(struct vmpt_label_sets *sets, uint32_t id, bool *failed)
{
    if (!sets->all || !has_labels(sets, id)) {
        return !sets->all;
    }
    if (!learn(sets, id)) {
        *failed = true;
        return false;
    }
    return (sets->bits[id] & sets->all) == sets->all;
}

uint32_t vmpt_label_sets_find(struct vmpt_label_sets *sets, uint32_t id, bool *failed)
{
    if (!sets->key || !has_labels(sets, id)) {
        return 0;
    }
    if (!learn(sets, id)) {
        *failed = true;
        return 0;
    }
    return sets->holders[id] - 1;
}
