#include "libvmprof_fmt/src/reader/log_stacks.h"

#include "libvmprof_fmt/src/base/error.h"

#include <stdlib.h>
#include <string.h>

#define MAX_KNOWN_BYTES ((size_t)32 << 20)
#define NONE UINT32_MAX
#define PLACES ((size_t)1 << 12)

/* A frame on a path, and its node. */
struct vmpfi_log_step {
    struct vmpfi_log_frame frame;
    uint32_t node;
};

/* The location of a frame. */
struct vmpfi_log_place_of {
    struct vmpfi_log_frame frame;
    uint32_t location; /* 0: of none */
    uint64_t renamed;  /* what log->renamed was when it was looked up */
};

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
    free(s->first_children);
    vmpfi_map64_fini(&s->later_children);
    vmpfi_index_fini(&s->functions);
    for (size_t i = 0; i < VMPFI_LOG_KINDS; i++) {
        vmpfi_map64_fini(&s->named[i]);
        vmpfi_map64_fini(&s->unnamed[i]);
    }
    vmpfi_arena_fini(&s->words);
    free(s->known);
    free(s->path);
    free(s->places);
    vmpfi_index_fini(&s->known_index);
    memset(s, 0, sizeof *s);
}

/* The newest node has no child. false: no memory. */
static bool has_no_child(struct vmpfi_log_stacks *s, uint32_t node)
{
    void *array = s->first_children;
    bool grown =
        vmpfi_grow(&array, &s->first_capacity, (size_t)node + 1, sizeof *s->first_children);
    s->first_children = array;
    if (grown) {
        s->first_children[node] = 0;
    }
    return grown;
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
    s->places = calloc(PLACES, sizeof *s->places);
    bool done = s->places != NULL;
    for (uint32_t node = 0; done && node < tables->stack_count; node++) { /* those that all have */
        done = has_no_child(s, node);
    }
    if (!done) {
        return VMPF_E_NOMEM;
    }
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

static bool same_frame(const struct vmpfi_log_frame *a, const struct vmpfi_log_frame *b)
{
    return a->id == b->id && a->line == b->line && a->kind == b->kind &&
           a->may_have_name == b->may_have_name && a->without_name == b->without_name;
}

/* Where the frame is. */
static vmpf_status locate(struct vmpfi_log_stacks *s, const struct vmpfi_log_frame *frame,
                          uint64_t offset, uint32_t *location)
{
    uint64_t hash = vmpfi_hash64(frame->id ^ (uint64_t)frame->line << 32 ^ (uint64_t)frame->kind);
    struct vmpfi_log_place_of *place = &s->places[hash % PLACES];
    uint32_t function;
    if (place->location != 0 && place->renamed == s->log->renamed &&
        same_frame(&place->frame, frame)) {
        *location = place->location;
        return VMPF_OK;
    }
    VMPF_TRY(find_function(s, frame, offset, &function));
    VMPF_TRY(find_location(s, function, frame->line, location));
    *place = (struct vmpfi_log_place_of){
        .frame = *frame, .location = *location, .renamed = s->log->renamed};
    return VMPF_OK;
}

static uint64_t child_key(uint32_t parent, uint32_t location)
{
    return (uint64_t)parent << 32 | location;
}

/* A stack that is new is a chain of nodes without another child, mostly: those are found without a search. 0: none. */
static uint32_t find_child(const struct vmpfi_log_stacks *s, uint32_t parent, uint32_t location)
{
    uint32_t child = s->first_children[parent];
    if (child == 0 || s->tables->stacks[child].location == location) {
        return child;
    }
    return vmpfi_map64_find(&s->later_children, child_key(parent, location), &child) ? child : 0;
}

static vmpf_status append_node(struct vmpfi_log_stacks *s, uint32_t parent, uint32_t location,
                               uint32_t *id)
{
    struct vmpfi_tables *t = s->tables;
    *id = (uint32_t)t->stack_count;
    VMPF_TRY(
        vmpfi_tables_append_stack(t, (struct vmpf_stack){.parent = parent, .location = location}));
    t->stack_epoch.count++;
    if (!has_no_child(s, *id)) {
        return VMPF_E_NOMEM;
    }
    if (s->first_children[parent] == 0) {
        s->first_children[parent] = *id;
        return VMPF_OK;
    }
    return vmpfi_map64_insert(&s->later_children, child_key(parent, location), *id) ? VMPF_OK
                                                                                    : VMPF_E_NOMEM;
}

/* How many callers, from the root on, are those of the stack before. */
static size_t shared_steps(const struct vmpfi_log_stacks *s)
{
    const struct vmpfi_log_frames *frames = &s->frames;
    size_t most = s->path_renamed != s->log->renamed ? 0
                  : s->path_count < frames->count    ? s->path_count
                                                     : frames->count;
    size_t shared = 0;
    while (shared < most &&
           same_frame(&s->path[shared].frame, &frames->frames[frames->count - 1 - shared])) {
        shared++;
    }
    return shared;
}

/* Takes the stack apart. */
static vmpf_status make_node(struct vmpfi_log_stacks *s, const struct vmpfi_log_record *record,
                             uint32_t *node)
{
    VMPF_TRY(vmpfi_log_frames_of(&s->frames, &s->log->layout, record, &s->log->code));
    const size_t count = s->frames.count;
    void *array = s->path;
    bool grown = vmpfi_grow(&array, &s->path_capacity, count, sizeof *s->path);
    s->path = array;
    if (!grown) {
        return VMPF_E_NOMEM;
    }
    size_t shared = shared_steps(s);
    uint32_t parent = shared > 0 ? s->path[shared - 1].node : 0;
    s->path_renamed = s->log->renamed;
    for (s->path_count = shared; s->path_count < count; s->path_count++) {
        const struct vmpfi_log_frame *frame = &s->frames.frames[count - 1 - s->path_count];
        uint32_t location;
        VMPF_TRY(locate(s, frame, record->offset, &location));
        uint32_t found = find_child(s, parent, location);
        if (found == 0) {
            VMPF_TRY(append_node(s, parent, location, &found));
        }
        s->path[s->path_count] = (struct vmpfi_log_step){.frame = *frame, .node = found};
        parent = found;
    }
    s->path_count = count;
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
