#include "libvmprof_fmt/src/reader/tables.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/chunk.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ENTRIES ((uint64_t)UINT32_MAX - 1)

static const struct vmpf_string lost_text = {.data = "<lost>", .size_bytes = 6};

/* ---- growth -------------------------------------------------------------------------------------- */

static size_t memory_used(const struct vmpfi_tables *t)
{
    return t->text.total_bytes + t->string_count * sizeof *t->strings +
           t->function_count * sizeof *t->functions + t->location_count * sizeof *t->locations +
           t->stack_count * (sizeof *t->stacks + sizeof *t->depths) +
           t->thread_count * sizeof *t->threads;
}

static vmpf_status append(struct vmpfi_tables *t, void **array, size_t *capacity, size_t *count,
                          const void *entry, size_t entry_bytes)
{
    if (*count >= MAX_ENTRIES || memory_used(t) + entry_bytes > t->memory_limit_bytes) {
        return VMPF_E_LIMIT;
    }
    if (!vmpfi_grow(array, capacity, *count + 1, entry_bytes)) {
        return VMPF_E_NOMEM;
    }
    memcpy((uint8_t *)*array + *count * entry_bytes, entry, entry_bytes);
    ++*count;
    return VMPF_OK;
}

static vmpf_status append_string(struct vmpfi_tables *t, struct vmpf_string entry)
{
    void *array = t->strings;
    vmpf_status status =
        append(t, &array, &t->string_capacity, &t->string_count, &entry, sizeof entry);
    t->strings = array;
    return status;
}

static vmpf_status append_function(struct vmpfi_tables *t, const struct vmpf_function *entry)
{
    void *array = t->functions;
    vmpf_status status =
        append(t, &array, &t->function_capacity, &t->function_count, entry, sizeof *entry);
    t->functions = array;
    return status;
}

static vmpf_status append_location(struct vmpfi_tables *t, struct vmpf_location entry)
{
    void *array = t->locations;
    vmpf_status status =
        append(t, &array, &t->location_capacity, &t->location_count, &entry, sizeof entry);
    t->locations = array;
    return status;
}

static vmpf_status append_stack(struct vmpfi_tables *t, struct vmpf_stack entry)
{
    void *depths = t->depths;
    bool grown = vmpfi_grow(&depths, &t->depth_capacity, t->stack_count + 1, sizeof *t->depths);
    t->depths = depths;
    if (!grown) {
        return VMPF_E_NOMEM;
    }
    t->depths[t->stack_count] = t->stack_count == 0 ? 0 : t->depths[entry.parent] + 1;
    void *array = t->stacks;
    vmpf_status status =
        append(t, &array, &t->stack_capacity, &t->stack_count, &entry, sizeof entry);
    t->stacks = array;
    return status;
}

vmpf_status vmpfi_tables_append_thread(struct vmpfi_tables *t, const struct vmpf_thread *thread)
{
    struct vmpf_thread entry = *thread;
    entry.name.data = vmpfi_arena_copy(&t->text, thread->name.data, thread->name.size_bytes);
    if (entry.name.data == NULL) {
        return VMPF_E_NOMEM;
    }
    void *array = t->threads;
    vmpf_status status =
        append(t, &array, &t->thread_capacity, &t->thread_count, &entry, sizeof entry);
    t->threads = array;
    if (status == VMPF_OK) {
        t->thread_session.count++;
    }
    return status;
}

/* ---- life ---------------------------------------------------------------------------------------- */

vmpf_status vmpfi_tables_init(struct vmpfi_tables *t, uint64_t memory_limit_bytes)
{
    const struct vmpf_function nothing = {.name = {.data = "", .size_bytes = 0},
                                          .file = {.data = "", .size_bytes = 0}};
    struct vmpf_function lost = nothing;
    lost.name = lost_text;
    memset(t, 0, sizeof *t);
    t->memory_limit_bytes =
        memory_limit_bytes < SIZE_MAX / 2 ? (size_t)memory_limit_bytes : SIZE_MAX / 2;
    VMPF_TRY(append_function(t, &nothing));
    VMPF_TRY(append_function(t, &lost));
    VMPF_TRY(append_location(t, (struct vmpf_location){0}));
    VMPF_TRY(append_location(t, (struct vmpf_location){.function = VMPFI_LOST_ID}));
    VMPF_TRY(append_stack(t, (struct vmpf_stack){0}));
    VMPF_TRY(append_stack(t, (struct vmpf_stack){.parent = 0, .location = VMPFI_LOST_ID}));
    return vmpfi_tables_new_session(t);
}

void vmpfi_tables_fini(struct vmpfi_tables *t)
{
    vmpfi_arena_fini(&t->text);
    free(t->strings);
    free(t->functions);
    free(t->locations);
    free(t->stacks);
    free(t->depths);
    free(t->threads);
    memset(t, 0, sizeof *t);
}

/* The next entry gets file id 1 and the reader's id `count`. */
static struct vmpfi_epoch_table begin_epoch(size_t count)
{
    return (struct vmpfi_epoch_table){.base = (uint32_t)(count - 1), .count = 0};
}

vmpf_status vmpfi_tables_new_epoch(struct vmpfi_tables *t)
{
    t->string_count = 0;
    t->function_epoch = begin_epoch(t->function_count);
    t->location_epoch = begin_epoch(t->location_count);
    t->stack_epoch = begin_epoch(t->stack_count);
    return append_string(t, (struct vmpf_string){.data = "", .size_bytes = 0});
}

vmpf_status vmpfi_tables_new_session(struct vmpfi_tables *t)
{
    t->thread_session = (struct vmpfi_epoch_table){.base = (uint32_t)t->thread_count, .count = 0};
    return vmpfi_tables_new_epoch(t);
}

/* ---- references ---------------------------------------------------------------------------------- */

uint32_t vmpfi_tables_id(struct vmpfi_tables *t, const struct vmpfi_epoch_table *epoch, uint64_t id)
{
    if (id == 0) {
        return 0;
    }
    if (id > epoch->count) {
        t->unknown++;
        return VMPFI_LOST_ID;
    }
    return epoch->base + (uint32_t)id;
}

vmpf_status vmpfi_tables_thread(struct vmpfi_tables *t, uint64_t id, uint32_t *thread)
{
    if (id < t->thread_session.count) {
        *thread = t->thread_session.base + (uint32_t)id;
        return VMPF_OK;
    }
    t->unknown++;
    for (size_t i = t->thread_session.base; i < t->thread_count; i++) {
        if (t->threads[i].name.size_bytes == lost_text.size_bytes && t->threads[i].thread_id == 0) {
            *thread = (uint32_t)i;
            return VMPF_OK;
        }
    }
    const struct vmpf_thread lost = {.name = lost_text};
    *thread = (uint32_t)t->thread_count;
    return vmpfi_tables_append_thread(t, &lost);
}

static struct vmpf_string string_of(struct vmpfi_tables *t, uint64_t id)
{
    if (id >= t->string_count) {
        t->unknown++;
        return lost_text;
    }
    return t->strings[id];
}

/* ---- chunks -------------------------------------------------------------------------------------- */

/* Entries that were lost with their chunk keep their ids [F-5.2-1]. */
static vmpf_status fill_gap(struct vmpfi_tables *t, uint16_t kind, uint64_t missing)
{
    const struct vmpf_function lost =
        t->functions[VMPFI_LOST_ID]; /* a copy: the table moves as it grows */
    for (uint64_t i = 0; i < missing; i++) {
        switch (kind) {
        case VMPFI_STRINGS: VMPF_TRY(append_string(t, lost_text)); break;
        case VMPFI_FUNCTIONS:
            VMPF_TRY(append_function(t, &lost));
            t->function_epoch.count++;
            break;
        case VMPFI_LOCATIONS:
            VMPF_TRY(append_location(t, t->locations[VMPFI_LOST_ID]));
            t->location_epoch.count++;
            break;
        default:
            VMPF_TRY(append_stack(t, t->stacks[VMPFI_LOST_ID]));
            t->stack_epoch.count++;
            break;
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
        VMPF_TRY(append_string(t, (struct vmpf_string){.data = copy, .size_bytes = size_bytes}));
        text += size_bytes;
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
            .address = chunk->columns[4][i]};
        VMPF_TRY(append_function(t, &entry));
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
        VMPF_TRY(append_location(t, entry));
        t->location_epoch.count++;
    }
    return VMPF_OK;
}

static vmpf_status add_stacks(struct vmpfi_tables *t, const struct vmpfi_table *chunk)
{
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint64_t parent = chunk->first + i - chunk->columns[0][i];
        const struct vmpf_stack entry = {
            .parent = vmpfi_tables_id(t, &t->stack_epoch, parent),
            .location = vmpfi_tables_id(t, &t->location_epoch, chunk->columns[1][i])};
        if (t->depths[entry.parent] >= VMPF_MAX_DEPTH) {
            return VMPF_E_LIMIT; /* [F-5.4-3]; the entries before it are sound, so they may stay */
        }
        VMPF_TRY(append_stack(t, entry));
        t->stack_epoch.count++;
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
        text += size_bytes;
        uint64_t id = chunk->first + i;
        if (id >= t->thread_session.count) {
            VMPF_TRY(vmpfi_tables_append_thread(t, &entry));
            continue;
        }
        struct vmpf_thread *have = &t->threads[t->thread_session.base + id];
        const char *copy = vmpfi_arena_copy(&t->text, entry.name.data, size_bytes);
        if (copy == NULL) {
            return VMPF_E_NOMEM;
        }
        *have = entry;
        have->name.data = copy;
    }
    return VMPF_OK;
}

static uint64_t entries_so_far(const struct vmpfi_tables *t, uint16_t kind)
{
    switch (kind) {
    case VMPFI_STRINGS: return t->string_count - 1;
    case VMPFI_FUNCTIONS: return t->function_epoch.count;
    case VMPFI_LOCATIONS: return t->location_epoch.count;
    default: return t->stack_epoch.count;
    }
}

/* [F-5.2-1], [F-5.4-2], [F-5.5-1]: all that can be wrong is found before anything changes. */
static vmpf_status check_table(const struct vmpfi_tables *t, uint16_t kind,
                               const struct vmpfi_table *chunk, uint64_t offset,
                               struct vmpf_error *err)
{
    if (kind == VMPFI_THREADS) {
        if (chunk->first > t->thread_session.count) {
            return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-5.5-1",
                              "threads before these are missing");
        }
        return VMPF_OK;
    }
    if (chunk->first <= entries_so_far(t, kind) || chunk->first > MAX_ENTRIES) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-5.2-1",
                          "a table begins at an id that it cannot have");
    }
    for (uint32_t i = 0; kind == VMPFI_STACKS && i < chunk->count; i++) {
        uint64_t distance = chunk->columns[0][i];
        if (distance == 0 || distance > chunk->first + i) {
            return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-5.4-2",
                              "a stack comes before its parent");
        }
    }
    return VMPF_OK;
}

static vmpf_status add_entries(struct vmpfi_tables *t, uint16_t kind,
                               const struct vmpfi_table *chunk)
{
    if (kind == VMPFI_THREADS) {
        return add_threads(t, chunk);
    }
    VMPF_TRY(fill_gap(t, kind, chunk->first - entries_so_far(t, kind) - 1));
    switch (kind) {
    case VMPFI_STRINGS: return add_strings(t, chunk);
    case VMPFI_FUNCTIONS: return add_functions(t, chunk);
    case VMPFI_LOCATIONS: return add_locations(t, chunk);
    default: return add_stacks(t, chunk);
    }
}

vmpf_status vmpfi_tables_add(struct vmpfi_tables *t, uint16_t kind, const struct vmpfi_table *chunk,
                             uint64_t offset, struct vmpf_error *err)
{
    VMPF_TRY(check_table(t, kind, chunk, offset, err));
    vmpf_status status = add_entries(t, kind, chunk);
    if (status == VMPF_E_NOMEM) {
        return vmpfi_fail_nomem(err);
    }
    if (status == VMPF_E_LIMIT) {
        return vmpfi_fail(err, status, offset, "",
                          "the tables take more than the %zu bytes allowed", t->memory_limit_bytes);
    }
    return status;
}

vmpf_status vmpfi_tables_add_dictionary(struct vmpfi_tables *t, const struct vmpfi_dictionary *d)
{
    VMPF_TRY(vmpfi_tables_new_epoch(t));
    for (size_t i = 1; i < d->string_count; i++) {
        const char *copy = vmpfi_arena_copy(&t->text, d->strings[i].data, d->strings[i].size_bytes);
        if (copy == NULL) {
            return VMPF_E_NOMEM;
        }
        VMPF_TRY(append_string(
            t, (struct vmpf_string){.data = copy, .size_bytes = d->strings[i].size_bytes}));
    }
    for (size_t i = 1; i < d->function_count; i++) {
        const struct vmpfi_function *f = &d->functions[i];
        const struct vmpf_function entry = {.name = t->strings[f->name],
                                            .file = t->strings[f->file],
                                            .first_line = f->first_line,
                                            .kind = (vmpf_kind)f->kind,
                                            .address = f->address};
        VMPF_TRY(append_function(t, &entry));
        t->function_epoch.count++;
    }
    for (size_t i = 1; i < d->location_count; i++) {
        struct vmpf_location entry = d->locations[i];
        entry.function = vmpfi_tables_id(t, &t->function_epoch, entry.function);
        VMPF_TRY(append_location(t, entry));
        t->location_epoch.count++;
    }
    for (size_t i = 1; i < d->stack_count; i++) {
        struct vmpf_stack entry = d->stacks[i];
        entry.parent = vmpfi_tables_id(t, &t->stack_epoch, entry.parent);
        entry.location = vmpfi_tables_id(t, &t->location_epoch, entry.location);
        VMPF_TRY(append_stack(t, entry));
        t->stack_epoch.count++;
    }
    return VMPF_OK;
}
