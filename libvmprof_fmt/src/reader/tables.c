#include "libvmprof_fmt/src/reader/tables.h"

#include "libvmprof_fmt/src/base/clones.h"
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/chunk.h"

#include <stdlib.h>
#include <string.h>

static const struct vmpf_string no_text = {.data = "", .size_bytes = 0};
static const struct vmpf_string lost_text = {.data = "<lost>", .size_bytes = 6};

/* ---- growth -------------------------------------------------------------------------------------- */

static size_t memory_used(const struct vmpfi_tables *t)
{
    return t->text.total_bytes + t->thread_text.total_bytes + t->string_count * sizeof *t->strings +
           t->module_count * sizeof *t->modules + t->function_count * sizeof *t->functions +
           t->location_count * sizeof *t->locations + t->stack_count * sizeof *t->stacks +
           t->depth_capacity * sizeof *t->depths + t->label_count * sizeof *t->labels +
           t->thread_count * sizeof *t->threads +
           t->session_thread_count * sizeof *t->session_threads;
}

static vmpf_status append(struct vmpfi_tables *t, void **array, size_t *capacity, size_t *count,
                          const void *entry, size_t entry_bytes)
{
    if (*count >= VMPFI_MAX_TABLE_ENTRIES || memory_used(t) + entry_bytes > t->memory_limit_bytes) {
        return VMPF_E_LIMIT;
    }
    if (!vmpfi_grow(array, capacity, *count + 1, entry_bytes)) {
        return VMPF_E_NOMEM;
    }
    memcpy((uint8_t *)*array + *count * entry_bytes, entry, entry_bytes);
    ++*count;
    return VMPF_OK;
}

vmpf_status vmpfi_tables_append_string(struct vmpfi_tables *t, struct vmpf_string entry)
{
    void *array = t->strings;
    vmpf_status status =
        append(t, &array, &t->string_capacity, &t->string_count, &entry, sizeof entry);
    t->strings = array;
    return status;
}

vmpf_status vmpfi_tables_append_module(struct vmpfi_tables *t, const struct vmpf_module *entry)
{
    void *array = t->modules;
    vmpf_status status =
        append(t, &array, &t->module_capacity, &t->module_count, entry, sizeof *entry);
    t->modules = array;
    return status;
}

vmpf_status vmpfi_tables_append_function(struct vmpfi_tables *t, const struct vmpf_function *entry)
{
    void *array = t->functions;
    vmpf_status status =
        append(t, &array, &t->function_capacity, &t->function_count, entry, sizeof *entry);
    t->functions = array;
    return status;
}

vmpf_status vmpfi_tables_append_location(struct vmpfi_tables *t, struct vmpf_location entry)
{
    void *array = t->locations;
    vmpf_status status =
        append(t, &array, &t->location_capacity, &t->location_count, &entry, sizeof entry);
    t->locations = array;
    return status;
}

/* Depths are kept only once a path can be too long, which takes as many nodes in one epoch. */
static vmpf_status keep_depths(struct vmpfi_tables *t, size_t count)
{
    bool had = t->depths != NULL;
    if (!had && t->stack_epoch.count + count <= VMPF_MAX_DEPTH) {
        return VMPF_OK;
    }
    void *depths = t->depths;
    bool grown = vmpfi_grow(&depths, &t->depth_capacity, t->stack_count + count, sizeof *t->depths);
    t->depths = depths;
    if (!grown) {
        return VMPF_E_NOMEM;
    }
    t->depths[0] = 0;
    for (size_t i = 1; !had && i < t->stack_count; i++) {
        t->depths[i] = t->depths[t->stacks[i].parent] + 1;
    }
    return VMPF_OK;
}

vmpf_status vmpfi_tables_reserve_stacks(struct vmpfi_tables *t, size_t count)
{
    if (t->stack_count + count > VMPFI_MAX_TABLE_ENTRIES ||
        memory_used(t) + count * sizeof *t->stacks > t->memory_limit_bytes) {
        return VMPF_E_LIMIT;
    }
    void *stacks = t->stacks;
    bool grown = vmpfi_grow(&stacks, &t->stack_capacity, t->stack_count + count, sizeof *t->stacks);
    t->stacks = stacks;
    return grown ? keep_depths(t, count) : VMPF_E_NOMEM;
}

vmpf_status vmpfi_tables_append_stack(struct vmpfi_tables *t, struct vmpf_stack entry)
{
    VMPF_TRY(vmpfi_tables_reserve_stacks(t, 1));
    if (t->depths != NULL) {
        uint32_t depth = t->stack_count == 0 ? 0 : t->depths[entry.parent] + 1;
        if (depth > VMPF_MAX_DEPTH) {
            return VMPF_E_LIMIT;
        }
        t->depths[t->stack_count] = depth;
    }
    t->stacks[t->stack_count++] = entry;
    return VMPF_OK;
}

vmpf_status vmpfi_tables_append_label(struct vmpfi_tables *t, const struct vmpf_label *entry)
{
    struct vmpfi_label_set set = {.label = *entry};
    set.depth = t->label_count == 0 ? 0 : t->labels[entry->parent].depth + 1;
    if (set.depth > VMPF_MAX_DEPTH) {
        return VMPF_E_CORRUPT;
    }
    void *array = t->labels;
    vmpf_status status = append(t, &array, &t->label_capacity, &t->label_count, &set, sizeof set);
    t->labels = array;
    return status;
}

/* The name is the caller's, and stays. */
static vmpf_status put_thread(struct vmpfi_tables *t, const struct vmpf_thread *entry)
{
    void *array = t->threads;
    vmpf_status status =
        append(t, &array, &t->thread_capacity, &t->thread_count, entry, sizeof *entry);
    t->threads = array;
    return status;
}

/* The session's next number is that of the entry that comes next. */
static vmpf_status number_thread(struct vmpfi_tables *t)
{
    const uint32_t id = (uint32_t)t->thread_count;
    void *array = t->session_threads;
    vmpf_status status =
        append(t, &array, &t->session_thread_capacity, &t->session_thread_count, &id, sizeof id);
    t->session_threads = array;
    t->session_threads_differ |= id + (size_t)1 != t->session_thread_count;
    return status;
}

vmpf_status vmpfi_tables_append_thread(struct vmpfi_tables *t, const struct vmpf_thread *thread)
{
    struct vmpf_thread entry = *thread;
    entry.name.data = vmpfi_arena_copy(&t->thread_text, thread->name.data, thread->name.size_bytes);
    if (entry.name.data == NULL) {
        return VMPF_E_NOMEM;
    }
    VMPF_TRY(number_thread(t));
    return put_thread(t, &entry);
}

vmpf_status vmpfi_tables_append_lost_thread(struct vmpfi_tables *t)
{
    const struct vmpf_thread lost = {.name = lost_text};
    VMPF_TRY(number_thread(t));
    return put_thread(t, &lost);
}

/* ---- life ---------------------------------------------------------------------------------------- */

/* Entry 0 or entry 1 of every table [F-5.2-7]: `own` is that number. */
static vmpf_status append_special(struct vmpfi_tables *t, struct vmpf_string name, uint32_t own)
{
    const struct vmpf_module module = {.path = name, .build_id = no_text};
    const struct vmpf_function function = {.name = name, .file = no_text};
    const struct vmpf_label label = {.key = name, .text = name};
    VMPF_TRY(vmpfi_tables_append_module(t, &module));
    VMPF_TRY(vmpfi_tables_append_function(t, &function));
    VMPF_TRY(vmpfi_tables_append_location(t, (struct vmpf_location){.function = own}));
    VMPF_TRY(vmpfi_tables_append_stack(t, (struct vmpf_stack){.location = own}));
    return vmpfi_tables_append_label(t, &label);
}

vmpf_status vmpfi_tables_init(struct vmpfi_tables *t, uint64_t memory_limit_bytes)
{
    memset(t, 0, sizeof *t);
    t->memory_limit_bytes =
        memory_limit_bytes < SIZE_MAX / 2 ? (size_t)memory_limit_bytes : SIZE_MAX / 2;
    VMPF_TRY(append_special(t, no_text, 0));
    VMPF_TRY(append_special(t, lost_text, VMPFI_LOST_ID));
    return vmpfi_tables_new_session(t);
}

void vmpfi_tables_fini(struct vmpfi_tables *t)
{
    vmpfi_arena_fini(&t->text);
    vmpfi_arena_fini(&t->thread_text);
    free(t->strings);
    free(t->modules);
    free(t->functions);
    free(t->locations);
    free(t->stacks);
    free(t->depths);
    free(t->labels);
    free(t->threads);
    free(t->session_threads);
    memset(t, 0, sizeof *t);
}

/* The next entry gets file id 1 and the reader's id `count`. */
static struct vmpfi_epoch_table begin_epoch(size_t count)
{
    return (struct vmpfi_epoch_table){.base = (uint32_t)(count - 1), .count = 0};
}

/* All but the entries that mean "nothing" and "<lost>", whose text is constant. */
static void drop_epoch(struct vmpfi_tables *t)
{
    vmpfi_arena_fini(&t->text);
    t->module_count = VMPFI_LOST_ID + 1;
    t->label_count = VMPFI_LOST_ID + 1;
    t->function_count = VMPFI_LOST_ID + 1;
    t->location_count = VMPFI_LOST_ID + 1;
    t->stack_count = VMPFI_LOST_ID + 1;
    t->epochs_dropped++;
}

vmpf_status vmpfi_tables_new_epoch(struct vmpfi_tables *t)
{
    if (t->one_epoch) {
        drop_epoch(t);
    }
    t->string_count = 0;
    t->module_epoch = begin_epoch(t->module_count);
    t->function_epoch = begin_epoch(t->function_count);
    t->location_epoch = begin_epoch(t->location_count);
    t->stack_epoch = begin_epoch(t->stack_count);
    t->label_epoch = begin_epoch(t->label_count);
    return vmpfi_tables_append_string(t, no_text);
}

vmpf_status vmpfi_tables_new_session(struct vmpfi_tables *t)
{
    t->session_thread_count = 0;
    t->session_threads_differ = false;
    t->lost_thread = 0;
    return vmpfi_tables_new_epoch(t);
}

/* ---- references ---------------------------------------------------------------------------------- */

/* The number of those above known, all of which become VMPFI_LOST_ID. */
VMPFI_CLONES static uint64_t translate(uint32_t *ids, size_t count, uint32_t known, uint32_t base)
{
    uint32_t greatest = 0;
    uint64_t unknown = 0;
    for (size_t i = 0; i < count; i++) {
        greatest = ids[i] > greatest ? ids[i] : greatest;
    }
    if (greatest <= known) { /* but where a table was lost */
        for (size_t i = 0; i < count; i++) {
            ids[i] = ids[i] == 0 ? 0 : base + ids[i];
        }
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        unknown += ids[i] > known;
        uint32_t translated = ids[i] == 0 ? 0 : base + ids[i];
        ids[i] = ids[i] > known ? VMPFI_LOST_ID : translated;
    }
    return unknown;
}

void vmpfi_tables_translate(struct vmpfi_tables *t, const struct vmpfi_epoch_table *epoch,
                            uint32_t *ids, size_t count)
{
    uint32_t known = epoch->count < UINT32_MAX ? (uint32_t)epoch->count : UINT32_MAX;
    t->unknown += translate(ids, count, known, epoch->base);
}

vmpf_status vmpfi_tables_thread(struct vmpfi_tables *t, uint64_t id, uint32_t *thread)
{
    const struct vmpf_thread lost = {.name = lost_text};
    if (id < t->session_thread_count) {
        *thread = t->session_threads[id];
        return VMPF_OK;
    }
    t->unknown++;
    if (t->lost_thread == 0) {
        VMPF_TRY(put_thread(t, &lost));
        t->lost_thread = (uint32_t)t->thread_count;
    }
    *thread = t->lost_thread - 1;
    return VMPF_OK;
}

struct vmpf_thread *vmpfi_tables_session_thread(const struct vmpfi_tables *t, size_t number)
{
    return &t->threads[t->session_threads[number]];
}

bool vmpfi_tables_thread_is_lost(const struct vmpf_thread *thread)
{
    return thread->name.data == lost_text.data;
}
