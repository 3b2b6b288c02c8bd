#include "libvmprof_fmt/src/blocks/tables.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/chunk.h"
#include "libvmprof_fmt/src/blocks/columnset.h"
#include "libvmprof_fmt/src/blocks/edges.h"

#include <string.h>

/* Takes `count` integer columns from scratch; false: no memory. */
static bool take_columns(struct vmpfi_scratch *scratch, uint64_t **columns, unsigned column_count,
                         size_t count)
{
    for (unsigned i = 0; i < column_count; i++) {
        columns[i] = vmpfi_scratch_integers(scratch, i, count);
        if (columns[i] == NULL) {
            return false;
        }
    }
    return true;
}

static bool all_zero(const uint64_t *values, size_t count)
{
    size_t i = 0;
    while (i < count && values[i] == 0) {
        i++;
    }
    return i == count;
}

/* Columns 1, 2, ...; one that is not required is left out where it is all 0. */
static vmpf_status encode_integers(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                   size_t first, size_t count, uint64_t *const *columns,
                                   unsigned column_count, unsigned required_count)
{
    const struct vmpfi_columnset_head head = {.first = first, .count = (uint32_t)count};
    struct vmpfi_column_in in[VMPFI_MAX_TABLE_COLUMNS] = {{0}};
    size_t in_count = 0;
    for (unsigned i = 0; i < column_count; i++) {
        if (i < required_count || !all_zero(columns[i], count)) {
            in[in_count++] =
                (struct vmpfi_column_in){.id = (uint16_t)(i + 1), .values = columns[i]};
        }
    }
    return vmpfi_columnset_encode(out, scratch, &head, in, in_count);
}

vmpf_status vmpfi_strings_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                 const struct vmpf_string *strings, size_t first, size_t count)
{
    uint64_t *lengths;
    /* The texts are laid into a column's memory: scratch->bytes is the encoder's own. */
    struct vmpfi_buffer *text = &scratch->integers[1];
    text->size_bytes = 0;
    if (!take_columns(scratch, &lengths, 1, count)) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct vmpf_string *string = &strings[first + i];
        lengths[i] = string->size_bytes;
        if (!vmpfi_buffer_append(text, string->data, string->size_bytes)) {
            return VMPF_E_NOMEM;
        }
    }
    const struct vmpfi_columnset_head head = {.first = first, .count = (uint32_t)count};
    const struct vmpfi_column_in in[2] = {{.id = 1, .values = lengths},
                                          {.id = 2,
                                           .nature = VMPFI_NATURE_BYTES,
                                           .bytes = text->data,
                                           .size_bytes = text->size_bytes}};
    return vmpfi_columnset_encode(out, scratch, &head, in, 2);
}

vmpf_status vmpfi_functions_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                   const struct vmpfi_function *functions, size_t first,
                                   size_t count)
{
    uint64_t *columns[5];
    if (!take_columns(scratch, columns, 5, count)) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct vmpfi_function *function = &functions[first + i];
        columns[0][i] = function->name;
        columns[1][i] = function->file;
        columns[2][i] = function->first_line;
        columns[3][i] = function->kind;
        columns[4][i] = function->address;
    }
    return encode_integers(out, scratch, first, count, columns, 5, 2);
}

vmpf_status vmpfi_locations_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                   const struct vmpf_location *locations, size_t first,
                                   size_t count)
{
    uint64_t *columns[2];
    if (!take_columns(scratch, columns, 2, count)) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        columns[0][i] = locations[first + i].function;
        columns[1][i] = locations[first + i].line;
    }
    return encode_integers(out, scratch, first, count, columns, 2, 1);
}

/* Below this many entries, the three columns of edges cost more than they save. */
#define WORTH_EDGES 32u

enum stack_column { /* 5.4 */
                    COLUMN_DISTANCE = 1,
                    COLUMN_LOCATION = 2,
                    COLUMN_EDGE = 3,
                    COLUMN_NEW_LOCATIONS = 4,
                    COLUMN_OUTER_LOCATIONS = 5,
};

static struct vmpfi_column_in list_column(uint16_t id, const uint32_t *words, size_t count)
{
    return (struct vmpfi_column_in){
        .id = id, .nature = VMPFI_NATURE_SMOOTH, .words = words, .list = true, .list_count = count};
}

vmpf_status vmpfi_stacks_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                const struct vmpf_stack *stacks, size_t first, size_t count,
                                size_t location_count)
{
    const struct vmpfi_columnset_head head = {.first = first, .count = (uint32_t)count};
    uint32_t *distances = vmpfi_scratch_words(scratch, 0, count);
    uint32_t *locations = vmpfi_scratch_words(scratch, 1, count);
    struct vmpfi_edges edges;
    if (distances == NULL || locations == NULL) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        distances[i] = (uint32_t)(first + i - stacks[first + i].parent);
        locations[i] = stacks[first + i].location;
    }
    struct vmpfi_column_in in[4] = {
        {.id = COLUMN_DISTANCE, .nature = VMPFI_NATURE_ORDINALS, .words = distances}};
    if (count < WORTH_EDGES) {
        in[1] = (struct vmpfi_column_in){.id = COLUMN_LOCATION, .words = locations};
        return vmpfi_columnset_encode(out, scratch, &head, in, 2);
    }
    VMPF_TRY(vmpfi_edges_find(&edges, scratch, 2, stacks, first, count, location_count));
    in[1] = (struct vmpfi_column_in){
        .id = COLUMN_EDGE, .nature = VMPFI_NATURE_ORDINALS, .words = edges.edges};
    in[2] = list_column(COLUMN_NEW_LOCATIONS, edges.new_locations, edges.new_count);
    in[3] = list_column(COLUMN_OUTER_LOCATIONS, edges.outer_locations, edges.outer_count);
    return vmpfi_columnset_encode(out, scratch, &head, in, 4);
}

vmpf_status vmpfi_threads_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                 const struct vmpf_thread *threads, size_t first, size_t count)
{
    uint64_t *columns[3];
    struct vmpfi_buffer *text = &scratch->integers[3];
    text->size_bytes = 0;
    if (!take_columns(scratch, columns, 3, count)) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct vmpf_thread *thread = &threads[first + i];
        columns[0][i] = thread->thread_id;
        columns[1][i] = thread->process_id;
        columns[2][i] = thread->name.size_bytes;
        if (!vmpfi_buffer_append(text, thread->name.data, thread->name.size_bytes)) {
            return VMPF_E_NOMEM;
        }
    }
    const struct vmpfi_columnset_head head = {.first = first, .count = (uint32_t)count};
    const struct vmpfi_column_in in[4] = {{.id = 1, .values = columns[0]},
                                          {.id = 2, .values = columns[1]},
                                          {.id = 3, .values = columns[2]},
                                          {.id = 4,
                                           .nature = VMPFI_NATURE_BYTES,
                                           .bytes = text->data,
                                           .size_bytes = text->size_bytes}};
    return vmpfi_columnset_encode(out, scratch, &head, in, 4);
}

/* What the spec says of each kind's columns. A bytes column comes last, and column `lengths` sums up to it. */
struct table_shape {
    uint16_t known[VMPFI_MAX_TABLE_COLUMNS + 1]; /* ended by 0 */
    uint8_t integer_columns;
    uint8_t required_columns; /* the first so many */
    uint8_t lengths_column;   /* 0: the kind has no bytes */
    uint8_t bytes_column;
    const char *lengths_rule;
};

static const struct table_shape shapes[VMPFI_THREADS + 1] = {
    [VMPFI_STRINGS] = {{1, 2, 0}, 1, 1, 1, 2, "F-5.2-2"},
    [VMPFI_FUNCTIONS] = {{1, 2, 3, 4, 5, 0}, 5, 2, 0, 0, ""},
    [VMPFI_LOCATIONS] = {{1, 2, 0}, 2, 1, 0, 0, ""},
    [VMPFI_STACKS] = {{1, 2, 3, 4, 5, 0}, 0, 0, 0, 0, ""}, /* of 32 bits all: decode_stacks() */
    [VMPFI_THREADS] = {{1, 2, 3, 4, 0}, 3, 1, 3, 4, "F-5.5-2"},
};

/* Ids and lines are 32 bits wide; addresses, thread ids and process ids 64. */
static bool is_wide(uint16_t kind, unsigned column)
{
    return (kind == VMPFI_FUNCTIONS && column == 5) || (kind == VMPFI_THREADS && column <= 2);
}

static vmpf_status check_lengths(const struct vmpfi_table *table, const struct table_shape *shape,
                                 const struct vmpfi_payload *payload, struct vmpf_error *err)
{
    uint64_t sum = 0; /* of 2^20 numbers below 2^32: no overflow */
    for (uint32_t i = 0; i < table->count; i++) {
        uint64_t length = table->columns[shape->lengths_column - 1][i];
        if (length > VMPFI_MAX_STRING_BYTES) {
            return vmpfi_fail(err, VMPF_E_LIMIT, payload->offset, "F-5.2-6",
                              "a string is longer than 16 MiB");
        }
        sum += length;
    }
    if (sum != table->bytes_size) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, shape->lengths_rule,
                          "the lengths of texts do not add up to their size");
    }
    return VMPF_OK;
}

/* [F-5.4-2]: what follows edges relies on it. */
static vmpf_status check_distances(const struct vmpfi_table *table,
                                   const struct vmpfi_payload *payload, struct vmpf_error *err)
{
    if (table->first > UINT32_MAX) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-5.2-1",
                          "a table begins at an id that it cannot have");
    }
    for (uint32_t i = 0; i < table->count; i++) {
        uint32_t distance = table->distances[i];
        if (distance == 0 || distance > table->first + i) {
            return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-5.4-2",
                              "a stack comes before its parent");
        }
    }
    return VMPF_OK;
}

static vmpf_status follow_edges(struct vmpfi_table *out, const struct vmpfi_columnset *set,
                                uint32_t *locations, struct vmpf_error *err)
{
    uint32_t *lists[2];
    size_t counts[2];
    const char *rule = NULL;
    VMPF_TRY(vmpfi_columnset_words(set, COLUMN_EDGE, true, locations, err));
    for (unsigned i = 0; i < 2; i++) {
        VMPF_TRY(vmpfi_columnset_list(set, (uint16_t)(COLUMN_NEW_LOCATIONS + i), 3 + i, &lists[i],
                                      &counts[i], err));
    }
    const struct vmpfi_edges edges = {.new_locations = lists[0],
                                      .outer_locations = lists[1],
                                      .count = out->count,
                                      .new_count = counts[0],
                                      .outer_count = counts[1]};
    vmpf_status status = vmpfi_edges_follow(&edges, set->scratch, 5, out->first, out->distances,
                                            out->known_locations, locations, &out->outer, &rule);
    if (status == VMPF_E_NOMEM) {
        return vmpfi_fail_nomem(err);
    }
    return status == VMPF_OK
               ? VMPF_OK
               : vmpfi_fail(err, status, set->payload_offset, rule, "the call edges do not add up");
}

/* The locations are there in one of two ways [F-5.4-4]. */
static vmpf_status decode_stacks(struct vmpfi_table *out, const struct vmpfi_columnset *set,
                                 const struct vmpfi_payload *payload, struct vmpf_error *err)
{
    bool plain = vmpfi_columnset_has(set, COLUMN_LOCATION);
    unsigned edge_columns = 0;
    for (uint16_t id = COLUMN_EDGE; id <= COLUMN_OUTER_LOCATIONS; id++) {
        edge_columns += vmpfi_columnset_has(set, id);
    }
    uint32_t *distances = vmpfi_scratch_words(set->scratch, 0, out->count);
    uint32_t *locations = vmpfi_scratch_words(set->scratch, 1, out->count);
    if (distances == NULL || locations == NULL) {
        return vmpfi_fail_nomem(err);
    }
    VMPF_TRY(vmpfi_columnset_words(set, COLUMN_DISTANCE, true, distances, err));
    if (plain ? edge_columns != 0 : edge_columns != 3) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-5.4-4",
                          "the locations of the stacks are there twice, or not at all");
    }
    out->distances = distances;
    out->locations = locations;
    VMPF_TRY(check_distances(out, payload, err));
    return plain ? vmpfi_columnset_words(set, COLUMN_LOCATION, true, locations, err)
                 : follow_edges(out, set, locations, err);
}

/* A column of ids or lines is held to 32 bits [F-4-5]. */
static vmpf_status decode_integers(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                   bool wide, uint64_t *values, struct vmpf_error *err)
{
    uint32_t *words = (uint32_t *)(void *)values;
    if (wide) {
        return vmpfi_columnset_integers(set, id, required, values, err);
    }
    VMPF_TRY(vmpfi_columnset_words(set, id, required, words, err));
    for (size_t i = set->head.count; i-- > 0;) { /* in place: from the end */
        uint32_t word;
        memcpy(&word, &words[i], sizeof word);
        values[i] = word;
    }
    return VMPF_OK;
}

vmpf_status vmpfi_table_decode(struct vmpfi_table *out, struct vmpfi_scratch *scratch,
                               uint16_t kind, const struct vmpfi_payload *payload,
                               struct vmpf_error *err)
{
    const struct table_shape *shape = &shapes[kind];
    struct vmpfi_columnset set = {.scratch = scratch};
    VMPF_TRY(vmpfi_columnset_decode(&set, payload->data, payload->size_bytes, shape->known,
                                    payload->offset, err));
    out->first = set.head.first;
    out->count = set.head.count;
    for (unsigned i = 0; i < shape->integer_columns; i++) {
        uint64_t *values = vmpfi_scratch_integers(scratch, i, set.head.count);
        if (values == NULL) {
            return vmpfi_fail_nomem(err);
        }
        VMPF_TRY(decode_integers(&set, (uint16_t)(i + 1), i < shape->required_columns,
                                 is_wide(kind, i + 1), values, err));
        out->columns[i] = values;
    }
    out->outer = (struct vmpfi_outer_parents){0};
    if (kind == VMPFI_STACKS) {
        return decode_stacks(out, &set, payload, err);
    }
    if (shape->lengths_column == 0) {
        return VMPF_OK;
    }
    bool required = kind == VMPFI_STRINGS;
    VMPF_TRY(vmpfi_columnset_bytes(&set, shape->bytes_column, required, &out->bytes,
                                   &out->bytes_size, err));
    return check_lengths(out, shape, payload, err);
}
