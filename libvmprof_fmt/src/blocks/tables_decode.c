/* tables_decode.c: reads the payloads of the tables. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/chunk.h"
#include "libvmprof_fmt/src/blocks/columnset.h"
#include "libvmprof_fmt/src/blocks/edges.h"
#include "libvmprof_fmt/src/blocks/tables.h"

#include <string.h>

/* What the spec says of each kind's columns. Those of integers come first in `known`, one of bytes last, and column `lengths` sums up to it. */
struct table_shape {
    uint16_t known[VMPFI_MAX_TABLE_COLUMNS + 1]; /* ended by 0 */
    uint8_t integer_columns;
    uint8_t required_columns; /* the first so many */
    uint8_t lengths_column;   /* 0: the kind has no bytes */
    uint8_t bytes_column;
    const char *lengths_rule;
};

static const struct table_shape shapes[VMPFI_LABELS + 1] = {
    [VMPFI_STRINGS] = {{1, 2, 0}, 1, 1, 1, 2, "F-5.2-2"},
    [VMPFI_FUNCTIONS] = {{1, 2, 3, 4, 5, VMPFI_COLUMN_MODULE, 0}, 6, 2, 0, 0, ""},
    [VMPFI_LOCATIONS] = {{1, 2, 0}, 2, 1, 0, 0, ""},
    [VMPFI_STACKS] = {{1, 2, 3, 4, 5, 0}, 0, 0, 0, 0, ""}, /* of 32 bits all: decode_stacks() */
    [VMPFI_THREADS] = {{1, 2, 3, 4, 0}, 3, 1, 3, 4, "F-5.5-2"},
    [VMPFI_MODULES] = {{1, 2, 3, 4, 5, 0}, 5, 1, 0, 0, ""},
    [VMPFI_LABELS] = {{1, 2, 3, 4, 0}, 4, 2, 0, 0, ""},
};

/* Ids and lines are 32 bits wide; addresses, sizes, numbers of labels, thread ids and process ids 64. */
static bool is_wide(uint16_t kind, uint16_t column)
{
    return (kind == VMPFI_FUNCTIONS && column == 5) || (kind == VMPFI_THREADS && column <= 2) ||
           (kind == VMPFI_MODULES && column >= 3) || (kind == VMPFI_LABELS && column == 4);
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

/* [F-5.4-2], [F-5.7-1]: what follows edges relies on it. */
static vmpf_status check_distances(const struct vmpfi_table *table,
                                   const struct vmpfi_payload *payload, struct vmpf_error *err)
{
    if (table->first == 0 || table->first > UINT32_MAX) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-5.2-1",
                          "a table begins at an id that it cannot have");
    }
    for (uint32_t i = 0; i < table->count; i++) {
        uint64_t distance = table->distances != NULL ? table->distances[i] : table->columns[0][i];
        if (distance == 0 || distance > table->first + i) {
            return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-5.4-2",
                              "an entry comes before its parent");
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
    VMPF_TRY(vmpfi_columnset_words(set, VMPFI_STACK_EDGE, true, locations, err));
    for (unsigned i = 0; i < 2; i++) {
        VMPF_TRY(vmpfi_columnset_list(set, (uint16_t)(VMPFI_STACK_NEW_LOCATIONS + i), 3 + i,
                                      &lists[i], &counts[i], err));
    }
    const struct vmpfi_edges edges = {.new_locations = lists[0],
                                      .outer_locations = lists[1],
                                      .count = out->count,
                                      .new_count = counts[0],
                                      .outer_count = counts[1]};
    vmpf_status status = vmpfi_edges_follow(&edges, set->scratch, 5, out->first, out->distances,
                                            &out->known, locations, &out->outer, &rule);
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
    bool plain = vmpfi_columnset_has(set, VMPFI_STACK_LOCATION);
    unsigned edge_columns = 0;
    for (unsigned id = VMPFI_STACK_EDGE; id <= VMPFI_STACK_OUTER_LOCATIONS; id++) {
        edge_columns += vmpfi_columnset_has(set, (uint16_t)id);
    }
    uint32_t *distances = vmpfi_scratch_words(set->scratch, 0, out->count);
    uint32_t *locations = vmpfi_scratch_words(set->scratch, 1, out->count);
    if (distances == NULL || locations == NULL) {
        return vmpfi_fail_nomem(err);
    }
    VMPF_TRY(vmpfi_columnset_words(set, VMPFI_STACK_DISTANCE, true, distances, err));
    if (plain ? edge_columns != 0 : edge_columns != 3) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-5.4-4",
                          "the locations of the stacks are there twice, or not at all");
    }
    out->distances = distances;
    out->locations = locations;
    VMPF_TRY(check_distances(out, payload, err));
    return plain ? vmpfi_columnset_words(set, VMPFI_STACK_LOCATION, true, locations, err)
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
    out->distances = NULL;
    for (unsigned i = 0; i < shape->integer_columns; i++) {
        uint64_t *values = vmpfi_scratch_integers(scratch, i, set.head.count);
        if (values == NULL) {
            return vmpfi_fail_nomem(err);
        }
        VMPF_TRY(decode_integers(&set, shape->known[i], i < shape->required_columns,
                                 is_wide(kind, shape->known[i]), values, err));
        out->columns[i] = values;
    }
    out->outer = (struct vmpfi_outer_parents){0};
    if (kind == VMPFI_STACKS) {
        return decode_stacks(out, &set, payload, err);
    }
    if (kind == VMPFI_LABELS) {
        return check_distances(out, payload, err);
    }
    if (shape->lengths_column == 0) {
        return VMPF_OK;
    }
    bool required = kind == VMPFI_STRINGS;
    VMPF_TRY(vmpfi_columnset_bytes(&set, shape->bytes_column, required, &out->bytes,
                                   &out->bytes_size, err));
    return check_lengths(out, shape, payload, err);
}
