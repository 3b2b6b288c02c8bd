/* tables_encode.c: writes the payloads of the tables. */
#include "libvmprof_fmt/src/blocks/tables.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/columnset.h"
#include "libvmprof_fmt/src/blocks/edges.h"

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
    for (size_t i = 0; i < count; i++) {
        if (values[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Which columns a table of integers has. */
struct integer_columns {
    uint16_t ids[VMPFI_MAX_TABLE_COLUMNS + 1]; /* ended by 0 */
    unsigned always; /* the first so many; the others only where not all of it is 0 */
};

static vmpf_status encode_integers(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                   size_t first, size_t count, uint64_t *const *columns,
                                   const struct integer_columns *which)
{
    const struct vmpfi_columnset_head head = {.first = first, .count = (uint32_t)count};
    struct vmpfi_column_in in[VMPFI_MAX_TABLE_COLUMNS] = {{0}};
    size_t in_count = 0;
    for (unsigned i = 0; which->ids[i] != 0; i++) {
        if (i < which->always || !all_zero(columns[i], count)) {
            in[in_count++] = (struct vmpfi_column_in){.id = which->ids[i], .values = columns[i]};
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

vmpf_status vmpfi_modules_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                 const struct vmpfi_module *modules, size_t first, size_t count)
{
    static const struct integer_columns which = {{1, 2, 3, 4, 5, 0}, 1};
    uint64_t *columns[5];
    if (!take_columns(scratch, columns, 5, count)) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct vmpfi_module *module = &modules[first + i];
        columns[0][i] = module->path;
        columns[1][i] = module->build_id;
        columns[2][i] = module->address;
        columns[3][i] = module->size_bytes;
        columns[4][i] = module->file_offset;
    }
    return encode_integers(out, scratch, first, count, columns, &which);
}

vmpf_status vmpfi_functions_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                   const struct vmpfi_function *functions, size_t first,
                                   size_t count)
{
    static const struct integer_columns which = {{1, 2, 3, 4, 5, VMPFI_COLUMN_MODULE, 0}, 2};
    uint64_t *columns[6];
    if (!take_columns(scratch, columns, 6, count)) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct vmpfi_function *function = &functions[first + i];
        columns[0][i] = function->name;
        columns[1][i] = function->file;
        columns[2][i] = function->first_line;
        columns[3][i] = function->kind;
        columns[4][i] = function->address;
        columns[5][i] = function->module;
    }
    return encode_integers(out, scratch, first, count, columns, &which);
}

vmpf_status vmpfi_locations_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                   const struct vmpf_location *locations, size_t first,
                                   size_t count)
{
    static const struct integer_columns which = {{1, 2, 0}, 1};
    uint64_t *columns[2];
    if (!take_columns(scratch, columns, 2, count)) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        columns[0][i] = locations[first + i].function;
        columns[1][i] = locations[first + i].line;
    }
    return encode_integers(out, scratch, first, count, columns, &which);
}

/* Below this many entries, the three columns of edges cost more than they save. */
#define WORTH_EDGES 32u

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
    uint32_t few_locations[WORTH_EDGES];
    struct vmpfi_edges edges;
    if (distances == NULL) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        distances[i] = (uint32_t)(first + i - stacks[first + i].parent);
    }
    struct vmpfi_column_in in[4] = {
        {.id = VMPFI_STACK_DISTANCE, .nature = VMPFI_NATURE_ORDINALS, .words = distances}};
    if (count < WORTH_EDGES) {
        for (size_t i = 0; i < count; i++) {
            few_locations[i] = stacks[first + i].location;
        }
        in[1] = (struct vmpfi_column_in){.id = VMPFI_STACK_LOCATION, .words = few_locations};
        return vmpfi_columnset_encode(out, scratch, &head, in, 2);
    }
    VMPF_TRY(vmpfi_edges_find(&edges, scratch, 2, stacks, first, count, location_count));
    in[1] = (struct vmpfi_column_in){
        .id = VMPFI_STACK_EDGE, .nature = VMPFI_NATURE_ORDINALS, .words = edges.edges};
    in[2] = list_column(VMPFI_STACK_NEW_LOCATIONS, edges.new_locations, edges.new_count);
    in[3] = list_column(VMPFI_STACK_OUTER_LOCATIONS, edges.outer_locations, edges.outer_count);
    return vmpfi_columnset_encode(out, scratch, &head, in, 4);
}

vmpf_status vmpfi_labels_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                const struct vmpfi_label *labels, size_t first, size_t count)
{
    static const struct integer_columns which = {{1, 2, 3, 4, 0}, 2};
    uint64_t *columns[4];
    if (!take_columns(scratch, columns, 4, count)) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct vmpfi_label *label = &labels[first + i];
        columns[0][i] = first + i - label->parent;
        columns[1][i] = label->key;
        columns[2][i] = label->text;
        columns[3][i] = label->number;
    }
    return encode_integers(out, scratch, first, count, columns, &which);
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
