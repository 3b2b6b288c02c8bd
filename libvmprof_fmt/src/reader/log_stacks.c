#include "libvmprof_fmt/src/reader/log_stacks.h"

#include "libvmprof_fmt/src/base/error.h"

#include <stdlib.h>
#include <string.h>

#define MAX_KNOWN_BYTES ((size_t)32 << 20)
#define NONE UINT32_MAX

struct vmpfi_log_known_stack {
    const uint8_t *words;
    uint32_t size_bytes;
    uint32_t node;
    uint64_t renamed; /* what log->renamed was when it was looked at last */
};

/* ---- life -------------------------------------------------------------------------------------------- */

static void forget_known(struct vmpfi_log_stacks *s)
{
    vmpfi_arena_fini(&s->words);
    s->known_count = 0;
    vmpfi_index_clear(&s->known_index);
    s->last_known = NONE;
}

void vmpfi_log_stacks_fini(struct vmpfi_log_stacks *s)
{
    free(s->frames.frames);
    vmpfi_pair_index_fini(&s->locations);
    vmpfi_pair_index_fini(&s->nodes);
    vmpfi_index_fini(&s->functions);
    for (size_t i = 0; i < VMPFI_LOG_KINDS; i++) {
        vmpfi_map64_fini(&s->named[i]);
        vmpfi_map64_fini(&s->unnamed[i]);
    }
    vmpfi_arena_fini(&s->words);
    free(s->known);
    vmpfi_index_fini(&s->known_index);
    memset(s, 0, sizeof *s);
}

vmpf_status vmpfi_log_stacks_begin(struct vmpfi_log_stacks *s, struct vmpfi_tables *tables,
                                   struct vmpfi_log *log)
{
    const struct vmpfi_log_maps *maps = &log->maps;
    vmpfi_log_stacks_fini(s);
    s->tables = tables;
    s->log = log;
    s->last_known = NONE;
    s->first_module = (uint32_t)tables->module_count;
    for (size_t i = 0; i < maps->count; i++) { /* their strings are the log's */
        VMPF_TRY(vmpfi_tables_append_module(tables, &maps->modules[i]));
        tables->module_epoch.count++;
    }
    return VMPF_OK;
}

/* ---- functions --------------------------------------------------------------------------------------- */

static bool same_string(struct vmpf_string a, struct vmpf_string b)
{
    return a.size_bytes == b.size_bytes &&
           (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

/* [L-8-6] */
static bool same_function(const void *ctx, uint32_t number, const void *key)
{
    const struct vmpf_function *a = &((const struct vmpfi_tables *)ctx)->functions[number];
    const struct vmpf_function *b = key;
    return a->address == b->address && a->kind == b->kind && a->first_line == b->first_line &&
           same_string(a->name, b->name) && same_string(a->file, b->file);
}

static uint64_t hash_function(const struct vmpf_function *f)
{
    uint64_t hash = vmpfi_hash_bytes(f->name.data, f->name.size_bytes);
    hash = vmpfi_hash64(hash ^ vmpfi_hash_bytes(f->file.data, f->file.size_bytes) ^ f->first_line);
    return vmpfi_hash64(hash ^ f->address ^ (uint64_t)f->kind << 60);
}

/* The text goes where that of the epoch is. */
static bool copy_text(struct vmpfi_tables *t, struct vmpf_string *text)
{
    text->data = vmpfi_arena_copy(&t->text, text->data, text->size_bytes);
    return text->data != NULL;
}

static vmpf_status append_function(struct vmpfi_log_stacks *s, struct vmpf_function *function,
                                   uint64_t hash, uint32_t *id)
{
    struct vmpfi_tables *t = s->tables;
    size_t module = function->kind == VMPF_KIND_NATIVE
                        ? vmpfi_log_maps_find(&s->log->maps, function->address)
                        : s->log->maps.count;
    if (module < s->log->maps.count) { /* [L-7-2] */
        function->module = s->first_module + (uint32_t)module;
    }
    if (!copy_text(t, &function->name) || !copy_text(t, &function->file)) {
        return VMPF_E_NOMEM;
    }
    *id = (uint32_t)t->function_count;
    VMPF_TRY(vmpfi_tables_append_function(t, function));
    t->function_epoch.count++;
    return vmpfi_index_insert(&s->functions, hash, *id) ? VMPF_OK : VMPF_E_NOMEM;
}

static vmpf_status make_function(struct vmpfi_log_stacks *s, const struct vmpfi_log_frame *frame,
                                 struct vmpfi_log_name_of name, uint32_t *id)
{
    char room[VMPFI_LOG_ID_BYTES];
    struct vmpf_function function = vmpfi_log_function(s->log, frame, name, room);
    uint64_t hash = hash_function(&function);
    if (vmpfi_index_find(&s->functions, hash, same_function, s->tables, &function, id)) {
        return VMPF_OK;
    }
    return append_function(s, &function, hash, id);
}

static vmpf_status find_function(struct vmpfi_log_stacks *s, const struct vmpfi_log_frame *frame,
                                 uint64_t offset, uint32_t *id)
{
    struct vmpfi_log_name_of name = vmpfi_log_name(s->log, frame, offset);
    if (name.names == NULL && frame->without_name != NULL) {
        return make_function(s, frame, name, id);
    }
    struct vmpfi_map64 *map = name.names != NULL ? &s->named[frame->kind % VMPFI_LOG_KINDS]
                                                 : &s->unnamed[frame->kind % VMPFI_LOG_KINDS];
    uint64_t of_native = name.names == &s->log->native;
    uint64_t key = name.names != NULL ? of_native << 32 | name.number : frame->id;
    if (vmpfi_map64_find(map, key, id)) {
        return VMPF_OK;
    }
    VMPF_TRY(make_function(s, frame, name, id));
    return vmpfi_map64_insert(map, key, *id) ? VMPF_OK : VMPF_E_NOMEM;
}

/* ---- nodes ------------------------------------------------------------------------------------------- */

static vmpf_status find_location(struct vmpfi_log_stacks *s, uint32_t function, uint32_t line,
                                 uint32_t *id)
{
    struct vmpfi_tables *t = s->tables;
    *id = vmpfi_pair_index_find(&s->locations, t->locations, function, line);
    if (*id != 0) {
        return VMPF_OK;
    }
    *id = (uint32_t)t->location_count;
    VMPF_TRY(vmpfi_tables_append_location(
        t, (struct vmpf_location){.function = function, .line = line}));
    t->location_epoch.count++;
    return vmpfi_pair_index_insert(&s->locations, t->locations, *id) ? VMPF_OK : VMPF_E_NOMEM;
}

static vmpf_status find_node(struct vmpfi_log_stacks *s, uint32_t parent, uint32_t location,
                             uint32_t *id)
{
    struct vmpfi_tables *t = s->tables;
    *id = vmpfi_pair_index_find(&s->nodes, t->stacks, parent, location);
    if (*id != 0) {
        return VMPF_OK;
    }
    *id = (uint32_t)t->stack_count;
    VMPF_TRY(
        vmpfi_tables_append_stack(t, (struct vmpf_stack){.parent = parent, .location = location}));
    t->stack_epoch.count++;
    return vmpfi_pair_index_insert(&s->nodes, t->stacks, *id) ? VMPF_OK : VMPF_E_NOMEM;
}

/* Takes the stack apart. */
static vmpf_status make_node(struct vmpfi_log_stacks *s, const struct vmpfi_log_record *record,
                             uint32_t *node)
{
    VMPF_TRY(vmpfi_log_frames_of(&s->frames, &s->log->layout, record, &s->log->code));
    uint32_t parent = 0;
    for (size_t i = s->frames.count; i-- > 0;) {
        const struct vmpfi_log_frame *frame = &s->frames.frames[i];
        uint32_t function, location;
        VMPF_TRY(find_function(s, frame, record->offset, &function));
        VMPF_TRY(find_location(s, function, frame->line, &location));
        VMPF_TRY(find_node(s, parent, location, &parent));
    }
    *node = parent;
    return VMPF_OK;
}

/* ---- stacks that are known ------------------------------------------------------------------------------ */

struct words {
    const uint8_t *data;
    size_t size_bytes;
};

static bool same_words(const void *ctx, uint32_t number, const void *key)
{
    const struct vmpfi_log_known_stack *known =
        &((const struct vmpfi_log_stacks *)ctx)->known[number];
    const struct words *words = key;
    return known->size_bytes == words->size_bytes &&
           memcmp(known->words, words->data, words->size_bytes) == 0;
}

static vmpf_status remember(struct vmpfi_log_stacks *s, const struct words *words, uint64_t hash,
                            uint32_t node)
{
    if (s->words.total_bytes > MAX_KNOWN_BYTES) {
        forget_known(s);
    }
    void *array = s->known;
    bool grown = vmpfi_grow(&array, &s->known_capacity, s->known_count + 1, sizeof *s->known);
    s->known = array;
    const char *copy = vmpfi_arena_copy(&s->words, words->data, words->size_bytes);
    if (!grown || copy == NULL ||
        !vmpfi_index_insert(&s->known_index, hash, (uint32_t)s->known_count)) {
        return VMPF_E_NOMEM;
    }
    s->last_known = (uint32_t)s->known_count++;
    s->known[s->last_known] =
        (struct vmpfi_log_known_stack){.words = (const uint8_t *)copy,
                                       .size_bytes = (uint32_t)words->size_bytes,
                                       .node = node,
                                       .renamed = s->log->renamed};
    return VMPF_OK;
}

vmpf_status vmpfi_log_stacks_node(struct vmpfi_log_stacks *s, const struct vmpfi_log_record *record,
                                  uint32_t *node)
{
    const struct words words = {.data = record->words,
                                .size_bytes = record->word_count * s->log->layout.address_bytes};
    uint64_t hash = 0;
    *node = 0;
    if (words.size_bytes == 0) {
        return VMPF_OK;
    }
    if (s->last_known == NONE || !same_words(s, s->last_known, &words)) {
        uint32_t found;
        hash = vmpfi_hash_bytes(words.data, words.size_bytes);
        if (!vmpfi_index_find(&s->known_index, hash, same_words, s, &words, &found)) {
            VMPF_TRY(make_node(s, record, node));
            return remember(s, &words, hash, *node);
        }
        s->last_known = found;
    }
    struct vmpfi_log_known_stack *known = &s->known[s->last_known];
    if (known->renamed != s->log->renamed) { /* an id of it may mean something else by now */
        VMPF_TRY(make_node(s, record, &known->node));
        known->renamed = s->log->renamed;
    }
    *node = known->node;
    return VMPF_OK;
}
