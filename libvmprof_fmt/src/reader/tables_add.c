/* tables_add.c: what table chunks, and the dictionary of a journal, add to the tables. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/chunk.h"
#include "libvmprof_fmt/src/columns/column.h"
#include "libvmprof_fmt/src/reader/tables.h"

/* [F-5.2-1]: more entries than this are not missing, they never were. It bounds the memory that a small
 * chunk can ask for. */
#define MAX_GAP ((uint64_t)4 * VMPFI_MAX_ENTRIES)

static const struct vmpf_string lost_text = {.data = "<lost>", .size_bytes = 6};

static struct vmpf_string string_of(struct vmpfi_tables *t, uint64_t id)
{
    if (id >= t->string_count) {
        t->unknown++;
        return lost_text;
    }
    return t->strings[id];
}

/* Not of STRINGS, which are kept for one epoch only, nor of THREADS, which outlive epochs. */
static struct vmpfi_epoch_table *epoch_of(struct vmpfi_tables *t, uint16_t kind)
{
    switch (kind) {
    case VMPFI_MODULES: return &t->module_epoch;
    case VMPFI_FUNCTIONS: return &t->function_epoch;
    case VMPFI_LOCATIONS: return &t->location_epoch;
    case VMPFI_LABELS: return &t->label_epoch;
    default: return &t->stack_epoch;
    }
}

uint64_t vmpfi_tables_next_id(const struct vmpfi_tables *t, uint16_t kind)
{
    switch (kind) {
    case VMPFI_STRINGS: return t->string_count;
    case VMPFI_MODULES: return t->module_epoch.count + 1;
    case VMPFI_FUNCTIONS: return t->function_epoch.count + 1;
    case VMPFI_LOCATIONS: return t->location_epoch.count + 1;
    case VMPFI_LABELS: return t->label_epoch.count + 1;
    case VMPFI_THREADS: return t->session_thread_count;
    default: return t->stack_epoch.count + 1;
    }
}

const char *vmpfi_tables_first_rule(uint16_t kind)
{
    return kind == VMPFI_THREADS ? "F-5.5-1" : "F-5.2-1";
}

static vmpf_status append_lost(struct vmpfi_tables *t, uint16_t kind)
{
    /* Copies: the tables move as they grow. */
    const struct vmpf_module module = t->modules[VMPFI_LOST_ID];
    const struct vmpf_function function = t->functions[VMPFI_LOST_ID];
    const struct vmpf_label label = t->labels[VMPFI_LOST_ID].label;
    switch (kind) {
    case VMPFI_STRINGS: return vmpfi_tables_append_string(t, lost_text);
    case VMPFI_MODULES: return vmpfi_tables_append_module(t, &module);
    case VMPFI_FUNCTIONS: return vmpfi_tables_append_function(t, &function);
    case VMPFI_LOCATIONS: return vmpfi_tables_append_location(t, t->locations[VMPFI_LOST_ID]);
    case VMPFI_LABELS: return vmpfi_tables_append_label(t, &label);
    case VMPFI_THREADS: return vmpfi_tables_append_lost_thread(t);
    default: return vmpfi_tables_append_stack(t, t->stacks[VMPFI_LOST_ID]);
    }
}

/* Entries that were lost with their chunk keep their ids [F-5.2-1]. */
static vmpf_status fill_gap(struct vmpfi_tables *t, uint16_t kind, uint64_t missing)
{
    for (uint64_t i = 0; i < missing; i++) {
        VMPF_TRY(append_lost(t, kind));
        if (kind != VMPFI_STRINGS && kind != VMPFI_THREADS) {
            epoch_of(t, kind)->count++;
        }
    }
    t->unknown += missing;
    return VMPF_OK;
}

static vmpf_status add_strings(struct vmpfi_tables *t, const struct vmpfi_table *chunk)
{
    const uint8_t *text = chunk->bytes;
    for (uint32_t i = 0; i < chunk->count; i++) {
        size_t size_bytes = (size_t)chunk->columns[0][i];
        const char *copy = vmpfi_arena_copy(&t->text, text, size_bytes);
        if (copy == NULL) {
            return VMPF_E_NOMEM;
        }
        VMPF_TRY(vmpfi_tables_append_string(
            t, (struct vmpf_string){.data = copy, .size_bytes = size_bytes}));
        text += size_bytes;
    }
    return VMPF_OK;
}

static vmpf_status add_modules(struct vmpfi_tables *t, const struct vmpfi_table *chunk)
{
    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct vmpf_module entry = {.path = string_of(t, chunk->columns[0][i]),
                                          .build_id = string_of(t, chunk->columns[1][i]),
                                          .address = chunk->columns[2][i],
                                          .size_bytes = chunk->columns[3][i],
                                          .file_offset = chunk->columns[4][i]};
        VMPF_TRY(vmpfi_tables_append_module(t, &entry));
        t->module_epoch.count++;
    }
    return VMPF_OK;
}

static vmpf_status add_functions(struct vmpfi_tables *t, const struct vmpfi_table *chunk)
{
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint64_t kind = chunk->columns[3][i];
        const struct vmpf_function entry = {
            .name = string_of(t, chunk->columns[0][i]),
            .file = string_of(t, chunk->columns[1][i]),
            .first_line = (uint32_t)chunk->columns[2][i],
            .kind = kind <= VMPF_KIND_JIT_INTERNAL ? (vmpf_kind)kind : VMPF_KIND_UNKNOWN,
            .address = chunk->columns[4][i],
            .module = vmpfi_tables_id(t, &t->module_epoch, chunk->columns[5][i])};
        VMPF_TRY(vmpfi_tables_append_function(t, &entry));
        t->function_epoch.count++;
    }
    return VMPF_OK;
}

static vmpf_status add_locations(struct vmpfi_tables *t, const struct vmpfi_table *chunk)
{
    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct vmpf_location entry = {
            .function = vmpfi_tables_id(t, &t->function_epoch, chunk->columns[0][i]),
            .line = (uint32_t)chunk->columns[1][i]};
        VMPF_TRY(vmpfi_tables_append_location(t, entry));
        t->location_epoch.count++;
    }
    return VMPF_OK;
}

/* The entries of a chunk, from `at` on, all of which have room. */
static void translate_stacks(struct vmpfi_tables *t, const struct vmpfi_table *chunk,
                             struct vmpf_stack *restrict at)
{
    const uint32_t *distances = chunk->distances;
    const uint32_t *locations = chunk->locations;
    const uint32_t stack_base = t->stack_epoch.base;
    const uint32_t location_base = t->location_epoch.base;
    const uint64_t location_count = t->location_epoch.count;
    const uint64_t first = chunk->first;
    uint64_t unknown = 0;
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t parent = (uint32_t)(first + i - distances[i]); /* [F-5.4-2] is checked */
        uint32_t location = locations[i];
        bool lost = location > location_count;
        unknown += lost;
        at[i].parent = parent == 0 ? 0 : stack_base + parent;
        at[i].location = lost ? VMPFI_LOST_ID : location == 0 ? 0 : location_base + location;
    }
    t->unknown += unknown;
}

static vmpf_status add_stacks(struct vmpfi_tables *t, const struct vmpfi_table *chunk)
{
    VMPF_TRY(vmpfi_tables_reserve_stacks(t, chunk->count));
    struct vmpf_stack *at = t->stacks + t->stack_count;
    translate_stacks(t, chunk, at);
    for (uint32_t i = 0; t->depths != NULL && i < chunk->count; i++) {
        uint32_t depth = t->depths[at[i].parent] + 1;
        if (depth > VMPF_MAX_DEPTH) { /* [F-5.4-3] */
            return VMPF_E_CORRUPT;
        }
        t->depths[t->stack_count + i] = depth;
    }
    t->stack_count += chunk->count;
    t->stack_epoch.count += chunk->count;
    return VMPF_OK;
}

static vmpf_status add_labels(struct vmpfi_tables *t, const struct vmpfi_table *chunk)
{
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint64_t text = chunk->columns[2][i];
        uint64_t parent = chunk->first + i - chunk->columns[0][i];
        const struct vmpf_label entry = {.parent = vmpfi_tables_id(t, &t->label_epoch, parent),
                                         .key = string_of(t, chunk->columns[1][i]),
                                         .text = string_of(t, text),
                                         .number =
                                             text == 0 ? chunk->columns[3][i] : 0}; /* [F-5.7-2] */
        VMPF_TRY(vmpfi_tables_append_label(t, &entry));
        t->label_epoch.count++;
    }
    return VMPF_OK;
}

static vmpf_status add_threads(struct vmpfi_tables *t, const struct vmpfi_table *chunk)
{
    const char *text = (const char *)chunk->bytes;
    for (uint32_t i = 0; i < chunk->count; i++) {
        size_t size_bytes = (size_t)chunk->columns[2][i];
        const struct vmpf_thread entry = {.thread_id = chunk->columns[0][i],
                                          .process_id = chunk->columns[1][i],
                                          .name = {.data = text, .size_bytes = size_bytes}};
        text = size_bytes == 0 ? text : text + size_bytes;
        uint64_t id = chunk->first + i;
        if (id >= t->session_thread_count) {
            VMPF_TRY(vmpfi_tables_append_thread(t, &entry));
            continue;
        }
        struct vmpf_thread *have = vmpfi_tables_session_thread(t, (size_t)id);
        const char *copy = vmpfi_arena_copy(&t->thread_text, entry.name.data, size_bytes);
        if (copy == NULL) {
            return VMPF_E_NOMEM;
        }
        *have = entry;
        have->name.data = copy;
    }
    return VMPF_OK;
}

/* [F-5.2-1], [F-5.5-1]: all that can be wrong is found before anything changes. */
static vmpf_status check_table(struct vmpfi_tables *t, uint16_t kind,
                               const struct vmpfi_table *chunk, uint64_t offset,
                               struct vmpf_error *err)
{
    uint64_t next = vmpfi_tables_next_id(t, kind);
    if (chunk->first < next && kind == VMPFI_THREADS) {
        return VMPF_OK; /* some are replaced */
    }
    if (chunk->first < next || chunk->first > VMPFI_MAX_TABLE_ENTRIES ||
        chunk->first - next > MAX_GAP) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset, vmpfi_tables_first_rule(kind),
                          "a table begins at an id that it cannot have");
    }
    return VMPF_OK;
}

/* [F-5.4-6]: what the chunk says of parents before it is what they are, where they are known. */
static vmpf_status check_outer_parents(struct vmpfi_tables *t, const struct vmpfi_table *chunk,
                                       uint64_t offset, struct vmpf_error *err)
{
    const struct vmpf_stack *stacks = t->stacks;
    const struct vmpfi_epoch_table nodes = t->stack_epoch;
    const struct vmpfi_epoch_table locations = t->location_epoch;
    bool equal = true;
    for (size_t i = 0; i < chunk->outer.count; i++) { /* without a branch on what is loaded */
        uint32_t parent = chunk->outer.parents[i];
        uint32_t said = chunk->outer.locations[i];
        bool lost = said > locations.count;
        uint32_t have =
            stacks[parent <= nodes.count ? nodes.base + parent : VMPFI_LOST_ID].location;
        said = lost ? VMPFI_LOST_ID : said == 0 ? 0 : locations.base + said;
        equal &= (have == VMPFI_LOST_ID) | (have == said);
    }
    return equal ? VMPF_OK
                 : vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-5.4-6",
                              "a stack's parent is said to be elsewhere than it is");
}

static vmpf_status add_entries(struct vmpfi_tables *t, uint16_t kind,
                               const struct vmpfi_table *chunk)
{
    uint64_t next = vmpfi_tables_next_id(t, kind);
    VMPF_TRY(fill_gap(t, kind, chunk->first > next ? chunk->first - next : 0));
    switch (kind) {
    case VMPFI_THREADS: return add_threads(t, chunk);
    case VMPFI_STRINGS: return add_strings(t, chunk);
    case VMPFI_MODULES: return add_modules(t, chunk);
    case VMPFI_FUNCTIONS: return add_functions(t, chunk);
    case VMPFI_LOCATIONS: return add_locations(t, chunk);
    case VMPFI_LABELS: return add_labels(t, chunk);
    default: return add_stacks(t, chunk);
    }
}

/* What grows before a path of a chunk turns out to be too long: the chunk then gives nothing [F-3-8], nor is there a
 * gap before it. */
struct tree_sizes {
    size_t stacks, labels;
    uint64_t stacks_of_epoch, labels_of_epoch, unknown;
};

static struct tree_sizes sizes_of(const struct vmpfi_tables *t)
{
    return (struct tree_sizes){.stacks = t->stack_count,
                               .labels = t->label_count,
                               .stacks_of_epoch = t->stack_epoch.count,
                               .labels_of_epoch = t->label_epoch.count,
                               .unknown = t->unknown};
}

static void restore_sizes(struct vmpfi_tables *t, const struct tree_sizes *before)
{
    t->stack_count = before->stacks;
    t->label_count = before->labels;
    t->stack_epoch.count = before->stacks_of_epoch;
    t->label_epoch.count = before->labels_of_epoch;
    t->unknown = before->unknown;
}

vmpf_status vmpfi_tables_add(struct vmpfi_tables *t, uint16_t kind, const struct vmpfi_table *chunk,
                             uint64_t offset, struct vmpf_error *err)
{
    VMPF_TRY(check_table(t, kind, chunk, offset, err));
    VMPF_TRY(check_outer_parents(t, chunk, offset, err));
    const struct tree_sizes before = sizes_of(t);
    vmpf_status status = add_entries(t, kind, chunk);
    if (status == VMPF_E_NOMEM) {
        return vmpfi_fail_nomem(err);
    }
    if (status == VMPF_E_CORRUPT) {
        restore_sizes(t, &before);
        return vmpfi_fail(err, status, offset, "F-5.4-3", "a path is longer than 1048576");
    }
    if (status == VMPF_E_LIMIT) {
        return vmpfi_fail(err, status, offset, "",
                          "the tables take more than the %zu bytes allowed", t->memory_limit_bytes);
    }
    return status;
}

static vmpf_status add_dictionary_modules(struct vmpfi_tables *t, const struct vmpfi_dictionary *d)
{
    for (size_t i = 1; i < d->module_count; i++) {
        const struct vmpfi_module *m = &d->modules[i];
        const struct vmpf_module entry = {.path = t->strings[m->path],
                                          .build_id = t->strings[m->build_id],
                                          .address = m->address,
                                          .size_bytes = m->size_bytes,
                                          .file_offset = m->file_offset};
        VMPF_TRY(vmpfi_tables_append_module(t, &entry));
        t->module_epoch.count++;
    }
    return VMPF_OK;
}

static vmpf_status add_dictionary_labels(struct vmpfi_tables *t, const struct vmpfi_dictionary *d)
{
    for (size_t i = 1; i < d->label_count; i++) {
        const struct vmpfi_label *stored = &d->labels[i];
        const struct vmpf_label entry = {
            .parent = vmpfi_tables_id(t, &t->label_epoch, stored->parent),
            .key = t->strings[stored->key],
            .text = t->strings[stored->text],
            .number = stored->number,
        };
        VMPF_TRY(vmpfi_tables_append_label(t, &entry));
        t->label_epoch.count++;
    }
    return VMPF_OK;
}

/* The modules of a journal are those of the epoch before. */
vmpf_status vmpfi_tables_add_dictionary(struct vmpfi_tables *t, const struct vmpfi_dictionary *d)
{
    VMPF_TRY(vmpfi_tables_new_epoch(t));
    for (size_t i = 1; i < d->string_count; i++) {
        const char *copy = vmpfi_arena_copy(&t->text, d->strings[i].data, d->strings[i].size_bytes);
        if (copy == NULL) {
            return VMPF_E_NOMEM;
        }
        VMPF_TRY(vmpfi_tables_append_string(
            t, (struct vmpf_string){.data = copy, .size_bytes = d->strings[i].size_bytes}));
    }
    VMPF_TRY(add_dictionary_modules(t, d));
    for (size_t i = 1; i < d->function_count; i++) {
        const struct vmpfi_function *f = &d->functions[i];
        const struct vmpf_function entry = {.name = t->strings[f->name],
                                            .file = t->strings[f->file],
                                            .first_line = f->first_line,
                                            .kind = (vmpf_kind)f->kind,
                                            .address = f->address};
        VMPF_TRY(vmpfi_tables_append_function(t, &entry));
        t->function_epoch.count++;
    }
    for (size_t i = 1; i < d->location_count; i++) {
        struct vmpf_location entry = d->locations[i];
        entry.function = vmpfi_tables_id(t, &t->function_epoch, entry.function);
        VMPF_TRY(vmpfi_tables_append_location(t, entry));
        t->location_epoch.count++;
    }
    for (size_t i = 1; i < d->stack_count; i++) {
        struct vmpf_stack entry = d->stacks[i];
        entry.parent = vmpfi_tables_id(t, &t->stack_epoch, entry.parent);
        entry.location = vmpfi_tables_id(t, &t->location_epoch, entry.location);
        VMPF_TRY(vmpfi_tables_append_stack(t, entry));
        t->stack_epoch.count++;
    }
    return add_dictionary_labels(t, d);
}
