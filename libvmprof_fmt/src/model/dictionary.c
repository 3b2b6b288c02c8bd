#include "libvmprof_fmt/src/model/dictionary.h"

#include "libvmprof_fmt/src/base/error.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ENTRIES ((size_t)UINT32_MAX - 1)

_Static_assert(sizeof(struct vmpf_location) == 8 && sizeof(struct vmpf_stack) == 8,
               "a pair index looks at them as two numbers");

static bool append_entry(void **array, size_t *capacity, size_t *count, const void *entry,
                         size_t entry_bytes)
{
    if (!vmpfi_grow_lean(array, capacity, *count + 1, entry_bytes)) {
        return false;
    }
    memcpy((uint8_t *)*array + *count * entry_bytes, entry, entry_bytes);
    ++*count;
    return true;
}

/* Appends to one of the tables; the void pointer dance stays here. */
#define APPEND(d, table, entry)                                                                    \
    __extension__({                                                                                \
        void *array_ = (d)->table##s;                                                              \
        bool appended_ = append_entry(&array_, &(d)->table##_capacity, &(d)->table##_count,        \
                                      (entry), sizeof *(d)->table##s);                             \
        (d)->table##s = array_;                                                                    \
        appended_;                                                                                 \
    })

static vmpf_status add_nothing(struct vmpfi_dictionary *d)
{
    const struct vmpf_string string = {.data = "", .size_bytes = 0};
    const struct vmpfi_module module = {0};
    const struct vmpfi_function function = {0};
    const struct vmpf_location location = {0};
    const struct vmpf_stack stack = {0};
    const struct vmpfi_label label = {0};
    bool added = APPEND(d, string, &string) && APPEND(d, module, &module) &&
                 APPEND(d, function, &function) && APPEND(d, location, &location) &&
                 APPEND(d, stack, &stack) && APPEND(d, label, &label);
    return added ? VMPF_OK : VMPF_E_NOMEM;
}

vmpf_status vmpfi_dictionary_init(struct vmpfi_dictionary *d)
{
    memset(d, 0, sizeof *d);
    return add_nothing(d);
}

void vmpfi_dictionary_fini(struct vmpfi_dictionary *d)
{
    vmpfi_arena_fini(&d->text);
    free(d->strings);
    free(d->modules);
    free(d->functions);
    free(d->locations);
    free(d->stacks);
    free(d->labels);
    vmpfi_index_fini(&d->string_index);
    vmpfi_index_fini(&d->module_index);
    vmpfi_index_fini(&d->function_index);
    vmpfi_index_fini(&d->label_index);
    vmpfi_map64_fini(&d->addresses);
    vmpfi_pair_index_fini(&d->location_index);
    vmpfi_pair_index_fini(&d->stack_index);
    memset(d, 0, sizeof *d);
}

#define KEPT_ENTRIES ((size_t)1024)

/* The next epoch may be smaller. Where the memory cannot be made less, it is kept. */
#define GIVE_BACK(d, table)                                                                        \
    do {                                                                                           \
        void *less_ = (d)->table##_capacity <= KEPT_ENTRIES                                        \
                          ? NULL                                                                   \
                          : realloc((d)->table##s, KEPT_ENTRIES * sizeof *(d)->table##s);          \
        (d)->table##s = less_ == NULL ? (d)->table##s : less_;                                     \
        (d)->table##_capacity = less_ == NULL ? (d)->table##_capacity : KEPT_ENTRIES;              \
    } while (0)

static void give_back(struct vmpfi_dictionary *d)
{
    GIVE_BACK(d, string);
    GIVE_BACK(d, function);
    GIVE_BACK(d, location);
    GIVE_BACK(d, stack);
}

vmpf_status vmpfi_dictionary_clear(struct vmpfi_dictionary *d)
{
    vmpfi_arena_fini(&d->text);
    d->string_count = 0;
    d->module_count = 0;
    d->function_count = 0;
    d->location_count = 0;
    d->stack_count = 0;
    d->deep_stack = 0;
    d->deep_stack_depth = 0;
    d->label_count = 0;
    vmpfi_index_clear(&d->string_index);
    vmpfi_index_clear(&d->module_index);
    vmpfi_index_clear(&d->function_index);
    vmpfi_index_clear(&d->label_index);
    vmpfi_map64_clear(&d->addresses);
    vmpfi_pair_index_clear(&d->location_index);
    vmpfi_pair_index_clear(&d->stack_index);
    give_back(d);
    return add_nothing(d);
}

static bool same_string(const void *ctx, uint32_t number, const void *key)
{
    const struct vmpfi_dictionary *d = ctx;
    const struct vmpf_string *text = key;
    const struct vmpf_string *have = &d->strings[number];
    return have->size_bytes == text->size_bytes &&
           memcmp(have->data, text->data, text->size_bytes) == 0;
}

vmpf_status vmpfi_intern_string(struct vmpfi_dictionary *d, struct vmpf_string text, uint32_t *id)
{
    if (text.size_bytes == 0) {
        *id = 0;
        return VMPF_OK;
    }
    if (text.data == NULL) {
        return VMPF_E_ARG;
    }
    uint64_t hash = vmpfi_hash_bytes(text.data, text.size_bytes);
    if (vmpfi_index_find(&d->string_index, hash, same_string, d, &text, id)) {
        return VMPF_OK;
    }
    if (text.size_bytes > VMPFI_MAX_STRING_BYTES || d->string_count >= MAX_ENTRIES) {
        return VMPF_E_LIMIT;
    }
    const char *copy = vmpfi_arena_copy(&d->text, text.data, text.size_bytes);
    const struct vmpf_string entry = {.data = copy, .size_bytes = text.size_bytes};
    if (copy == NULL || !APPEND(d, string, &entry)) {
        return VMPF_E_NOMEM;
    }
    *id = (uint32_t)(d->string_count - 1);
    if (!vmpfi_index_insert(&d->string_index, hash, *id)) {
        d->string_count--;
        return VMPF_E_NOMEM;
    }
    return VMPF_OK;
}

static bool same_module(const void *ctx, uint32_t number, const void *key)
{
    const struct vmpfi_dictionary *d = ctx;
    const struct vmpfi_module *have = &d->modules[number];
    const struct vmpfi_module *want = key;
    return have->path == want->path && have->build_id == want->build_id &&
           have->address == want->address && have->size_bytes == want->size_bytes &&
           have->file_offset == want->file_offset;
}

vmpf_status vmpfi_intern_module(struct vmpfi_dictionary *d, const struct vmpf_module *module,
                                uint32_t *id)
{
    struct vmpfi_module entry = {.address = module->address,
                                 .size_bytes = module->size_bytes,
                                 .file_offset = module->file_offset};
    VMPF_TRY(vmpfi_intern_string(d, module->path, &entry.path));
    VMPF_TRY(vmpfi_intern_string(d, module->build_id, &entry.build_id));
    uint64_t hash = vmpfi_hash64(((uint64_t)entry.path << 32) | entry.build_id);
    hash = vmpfi_hash64(hash ^ entry.address);
    if (vmpfi_index_find(&d->module_index, hash, same_module, d, &entry, id)) {
        return VMPF_OK;
    }
    if (d->module_count >= MAX_ENTRIES) {
        return VMPF_E_LIMIT;
    }
    if (!APPEND(d, module, &entry)) {
        return VMPF_E_NOMEM;
    }
    uint32_t added = (uint32_t)(d->module_count - 1);
    if (!vmpfi_index_insert(&d->module_index, hash, added)) {
        d->module_count--;
        return VMPF_E_NOMEM;
    }
    *id = added;
    return VMPF_OK;
}

static bool same_function(const void *ctx, uint32_t number, const void *key)
{
    const struct vmpfi_dictionary *d = ctx;
    const struct vmpfi_function *have = &d->functions[number];
    const struct vmpfi_function *want = key;
    return have->name == want->name && have->file == want->file &&
           have->first_line == want->first_line && have->kind == want->kind &&
           have->recorded_address == want->recorded_address && have->module == want->module;
}

static uint64_t hash_function(const struct vmpfi_function *f)
{
    uint64_t hash = vmpfi_hash64(((uint64_t)f->name << 32) | f->file);
    hash = vmpfi_hash64(hash ^ (((uint64_t)f->kind << 32) | f->first_line));
    hash = vmpfi_hash64(hash ^ f->module);
    return vmpfi_hash64(hash ^ f->recorded_address);
}

vmpf_status vmpfi_intern_function(struct vmpfi_dictionary *d, const struct vmpf_function *function,
                                  uint32_t *id)
{
    struct vmpfi_function entry = {.first_line = function->first_line,
                                   .kind = (uint32_t)function->kind,
                                   .recorded_address = function->address,
                                   .address = function->address,
                                   .module = function->module};
    if (function->module >= d->module_count) {
        return VMPF_E_ARG;
    }
    VMPF_TRY(vmpfi_intern_string(d, function->name, &entry.name));
    VMPF_TRY(vmpfi_intern_string(d, function->file, &entry.file));
    uint64_t hash = hash_function(&entry);
    if (vmpfi_index_find(&d->function_index, hash, same_function, d, &entry, id)) {
        return VMPF_OK;
    }
    if (d->function_count >= MAX_ENTRIES) {
        return VMPF_E_LIMIT;
    }
    uint32_t other;
    while (entry.address != 0 && vmpfi_map64_find(&d->addresses, entry.address, &other)) {
        entry.address++; /* [F-5.2-5] */
    }
    if (!APPEND(d, function, &entry)) {
        return VMPF_E_NOMEM;
    }
    uint32_t added = (uint32_t)(d->function_count - 1);
    /* A failure after the first insertion leaves an address that is taken for nothing: harmless. */
    if ((entry.address != 0 && !vmpfi_map64_insert(&d->addresses, entry.address, added)) ||
        !vmpfi_index_insert(&d->function_index, hash, added)) {
        d->function_count--;
        return VMPF_E_NOMEM;
    }
    *id = added; /* not before: callers keep it, and take 0 for "not yet" */
    return VMPF_OK;
}

vmpf_status vmpfi_intern_location(struct vmpfi_dictionary *d, uint32_t function, uint32_t line,
                                  uint32_t *id)
{
    if (function >= d->function_count) {
        return VMPF_E_ARG;
    }
    uint32_t have = vmpfi_pair_index_find(&d->location_index, d->locations, function, line);
    if (have != 0) {
        *id = have;
        return VMPF_OK;
    }
    if (d->location_count >= MAX_ENTRIES) {
        return VMPF_E_LIMIT;
    }
    const struct vmpf_location entry = {.function = function, .line = line};
    if (!APPEND(d, location, &entry)) {
        return VMPF_E_NOMEM;
    }
    have = (uint32_t)(d->location_count - 1);
    if (!vmpfi_pair_index_insert(&d->location_index, d->locations, have)) {
        d->location_count--;
        return VMPF_E_NOMEM;
    }
    *id = have;
    return VMPF_OK;
}

/* A node is no deeper than its number, so that most trees are never walked. Paths are built from the root on: the node
 * that came last is mostly the parent of the next, and ends the walk. */
static uint32_t depth_below(const struct vmpfi_dictionary *d, uint32_t parent)
{
    uint32_t steps = 1;
    if (parent < VMPF_MAX_DEPTH) {
        return parent + 1; /* at most */
    }
    for (; parent != 0 && parent != d->deep_stack; parent = d->stacks[parent].parent) {
        steps++;
    }
    return parent == 0 ? steps : steps + d->deep_stack_depth;
}

vmpf_status vmpfi_intern_stack(struct vmpfi_dictionary *d, uint32_t parent, uint32_t location,
                               uint32_t *id)
{
    if (parent >= d->stack_count || location >= d->location_count) {
        return VMPF_E_ARG;
    }
    const struct vmpf_stack entry = {.parent = parent, .location = location};
    /* The first child of a node mostly came right behind it, and lies in the same line of the processor's cache. */
    const struct vmpf_stack *next = &d->stacks[parent + 1];
    if (parent + 1 < d->stack_count && next->parent == parent && next->location == location) {
        *id = parent + 1;
        return VMPF_OK;
    }
    uint32_t node = vmpfi_pair_index_find(&d->stack_index, d->stacks, parent, location);
    if (node != 0) {
        *id = node;
        return VMPF_OK;
    }
    uint32_t depth = depth_below(d, parent);
    if (d->stack_count >= MAX_ENTRIES || depth > VMPF_MAX_DEPTH) {
        return VMPF_E_LIMIT;
    }
    if (!APPEND(d, stack, &entry)) {
        return VMPF_E_NOMEM;
    }
    node = (uint32_t)(d->stack_count - 1);
    if (!vmpfi_pair_index_insert(&d->stack_index, d->stacks, node)) {
        d->stack_count--;
        return VMPF_E_NOMEM;
    }
    if (parent >= VMPF_MAX_DEPTH) { /* else it is only a bound */
        d->deep_stack = node;
        d->deep_stack_depth = depth;
    }
    *id = node;
    return VMPF_OK;
}

static bool same_label(const void *ctx, uint32_t number, const void *key)
{
    const struct vmpfi_dictionary *d = ctx;
    const struct vmpfi_label *have = &d->labels[number];
    const struct vmpfi_label *want = key;
    return have->parent == want->parent && have->key == want->key && have->text == want->text &&
           have->number == want->number;
}

vmpf_status vmpfi_intern_label(struct vmpfi_dictionary *d, const struct vmpf_label *label,
                               uint32_t *id)
{
    if (label->parent >= d->label_count) {
        return VMPF_E_ARG;
    }
    /* [F-5.7-2]: where there is a text, the number means nothing. */
    struct vmpfi_label entry = {.parent = label->parent,
                                .depth = d->labels[label->parent].depth + 1,
                                .number = label->text.size_bytes == 0 ? label->number : 0};
    VMPF_TRY(vmpfi_intern_string(d, label->key, &entry.key));
    VMPF_TRY(vmpfi_intern_string(d, label->text, &entry.text));
    uint64_t hash = vmpfi_hash64(((uint64_t)entry.parent << 32) | entry.key);
    hash = vmpfi_hash64(hash ^ entry.text);
    hash = vmpfi_hash64(hash ^ entry.number);
    if (vmpfi_index_find(&d->label_index, hash, same_label, d, &entry, id)) {
        return VMPF_OK;
    }
    if (d->label_count >= MAX_ENTRIES || entry.depth > VMPF_MAX_DEPTH) { /* [F-5.4-3] */
        return VMPF_E_LIMIT;
    }
    if (!APPEND(d, label, &entry)) {
        return VMPF_E_NOMEM;
    }
    uint32_t added = (uint32_t)(d->label_count - 1);
    if (!vmpfi_index_insert(&d->label_index, hash, added)) {
        d->label_count--;
        return VMPF_E_NOMEM;
    }
    *id = added;
    return VMPF_OK;
}

size_t vmpfi_dictionary_bytes(const struct vmpfi_dictionary *d)
{
    return d->text.total_bytes + d->string_capacity * sizeof *d->strings +
           d->module_capacity * sizeof *d->modules + d->function_capacity * sizeof *d->functions +
           d->location_capacity * sizeof *d->locations + d->stack_capacity * sizeof *d->stacks +
           d->label_capacity * sizeof *d->labels +
           (d->string_index.capacity + d->module_index.capacity + d->function_index.capacity +
            d->label_index.capacity) *
               sizeof(struct vmpfi_index_slot) +
           d->addresses.capacity * sizeof(struct vmpfi_map64_slot) +
           vmpfi_pair_index_bytes(&d->location_index) + vmpfi_pair_index_bytes(&d->stack_index);
}
