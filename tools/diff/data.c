/* data.c: what changed, for programs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/common/terminal.h"
#include "tools/common/tree_json.h"
#include "tools/diff/output.h"

#define SCHEMA "vmprof/diff/1"
#define TREE_SCHEMA "vmprof/diff-tree/1"

static const struct vmpt_difference_row *row_at(const void *rows, size_t row)
{
    return &((const struct vmpt_difference_row *)rows)[row];
}

static void put_text(struct vmpt_value *out, const char *text, size_t size)
{
    out->type = VMPT_STRING;
    out->string = text;
    out->string_size = size;
}

static void put_integer(struct vmpt_value *out, uint64_t integer)
{
    out->type = VMPT_INTEGER;
    out->integer = integer;
}

static void name_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpt_function *function = &row_at(rows, row)->function;
    put_text(out, function->name, function->name_size);
}

static void file_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpt_function *function = &row_at(rows, row)->function;
    put_text(out, function->file, function->file_size);
}

static void line_value(const void *rows, size_t row, struct vmpt_value *out)
{
    put_integer(out, row_at(rows, row)->function.first_line);
}

static void kind_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const char *name = vmpt_kind_name(row_at(rows, row)->function.kind);
    put_text(out, name, strlen(name));
}

static void address_value(const void *rows, size_t row, struct vmpt_value *out)
{
    uint64_t address = row_at(rows, row)->function.address;
    out->type = address ? VMPT_ADDRESS : VMPT_NOTHING;
    out->integer = address;
}

static void put_delta(struct vmpt_value *out, const struct vmpt_change *change)
{
    out->type = VMPT_SIGNED;
    out->integer = change->after - change->before;
}

static void put_verdict(struct vmpt_value *out, const struct vmpt_change *change)
{
    out->type = VMPT_BOOLEAN;
    out->integer = change->significant;
}

static void before_value(const void *rows, size_t row, struct vmpt_value *out)
{
    put_integer(out, row_at(rows, row)->total.before);
}

static void after_value(const void *rows, size_t row, struct vmpt_value *out)
{
    put_integer(out, row_at(rows, row)->total.after);
}

static void delta_value(const void *rows, size_t row, struct vmpt_value *out)
{
    put_delta(out, &row_at(rows, row)->total);
}

static void significant_value(const void *rows, size_t row, struct vmpt_value *out)
{
    put_verdict(out, &row_at(rows, row)->total);
}

static void self_before_value(const void *rows, size_t row, struct vmpt_value *out)
{
    put_integer(out, row_at(rows, row)->self.before);
}

static void self_after_value(const void *rows, size_t row, struct vmpt_value *out)
{
    put_integer(out, row_at(rows, row)->self.after);
}

static void self_delta_value(const void *rows, size_t row, struct vmpt_value *out)
{
    put_delta(out, &row_at(rows, row)->self);
}

static void self_significant_value(const void *rows, size_t row, struct vmpt_value *out)
{
    put_verdict(out, &row_at(rows, row)->self);
}

static void depth_value(const void *rows, size_t row, struct vmpt_value *out)
{
    put_integer(out, row_at(rows, row)->depth);
}

/* The first is of trees only. */
static const struct vmpt_column columns[] = {
    {.key = "depth", .value = depth_value},
    {.key = "name", .value = name_value},
    {.key = "file", .value = file_value},
    {.key = "line", .value = line_value},
    {.key = "kind", .value = kind_value},
    {.key = "addr", .value = address_value},
    {.key = "before", .value = before_value},
    {.key = "after", .value = after_value},
    {.key = "delta", .value = delta_value},
    {.key = "significant", .value = significant_value},
    {.key = "self_before", .value = self_before_value},
    {.key = "self_after", .value = self_after_value},
    {.key = "self_delta", .value = self_delta_value},
    {.key = "self_significant", .value = self_significant_value},
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static bool write_json(struct vmpt_app *app, const struct diff_request *request,
                       const struct vmpt_table *table)
{
    json_t *document = vmpt_document_json(request->before, SCHEMA);
    int failed = document == NULL;
    failed |= json_object_set_new(document, "profile_after", vmpt_profile_json(app));
    failed |= json_object_set_new(document, "normalised", json_boolean(request->normalise));
    failed |= json_object_set_new(document, "functions", vmpt_table_json(table));
    if (failed) {
        json_decref(document);
        return false;
    }
    return vmpt_json_write(document, &app->output);
}

bool diff_write_data(struct vmpt_app *app, const struct diff_request *request)
{
    const struct vmpt_difference *difference = request->difference;
    const struct vmpt_table table = {
        .columns = columns + 1,
        .column_count = COLUMN_COUNT - 1,
        .rows = difference->rows,
        .row_count = vmpt_settings_limit(&app->settings, difference->count),
    };
    return app->settings.format == VMPT_FORMAT_CSV
               ? vmpt_table_write_csv(&table, vmpt_is_terminal(), &app->output)
               : write_json(app, request, &table);
}

/* ---- the tree ---------------------------------------------------------------------------------------- */

struct vmpt_difference_row *diff_tree_rows(const struct vmpt_tree_difference *difference,
                                           const struct vmpt_tree_rows *rows)
{
    struct vmpt_difference_row *items = vmpt_array(rows->count, sizeof(*items));
    for (size_t i = 0; items && i < rows->count; i++) {
        items[i] = difference->rows[rows->items[i].node];
    }
    return items;
}

static bool write_tree_csv(struct vmpt_app *app, const struct vmpt_tree_difference *difference)
{
    struct vmpt_tree_rows rows;
    bool done = vmpt_tree_rows_init(&rows, &difference->tree, 0);
    struct vmpt_difference_row *items = done ? diff_tree_rows(difference, &rows) : NULL;
    const struct vmpt_table table = {
        .columns = columns, .column_count = COLUMN_COUNT, .rows = items, .row_count = rows.count};
    done = items && vmpt_table_write_csv(&table, vmpt_is_terminal(), &app->output);
    free(items);
    vmpt_tree_rows_fini(&rows);
    return done;
}

static void add_change(struct vmpt_buffer *out, const char *prefix,
                       const struct vmpt_change *change)
{
    vmpt_buffer_printf(out,
                       ", \"%sbefore\": %" PRIu64 ", \"%safter\": %" PRIu64
                       ", \"%sdelta\": %" PRId64 ", \"%ssignificant\": %s",
                       prefix, change->before, prefix, change->after, prefix,
                       (int64_t)(change->after - change->before), prefix,
                       change->significant ? "true" : "false");
}

static bool open_node(struct vmpt_output *output, const void *ctx, size_t node)
{
    const struct vmpt_difference_row *row = row_at(ctx, node);
    struct vmpt_buffer rest = {0};
    bool done = vmpt_tree_json_function(output, &row->function);
    add_change(&rest, "", &row->total);
    add_change(&rest, "self_", &row->self);
    done = done && !rest.failed;
    if (done) {
        vmpt_output_write(output, rest.data, rest.size);
    }
    vmpt_buffer_fini(&rest);
    return done;
}

static bool write_tree_json(struct vmpt_app *app, const struct diff_request *request)
{
    struct vmpt_output *output = &app->output;
    vmpt_tree_json_begin(output, TREE_SCHEMA);
    return vmpt_tree_json_member(output, "profile", vmpt_profile_json(request->before)) &&
           vmpt_tree_json_member(output, "profile_after", vmpt_profile_json(app)) &&
           vmpt_tree_json_member(output, "normalised", json_boolean(request->normalise)) &&
           vmpt_tree_json_root(output, &request->tree->tree, open_node, request->tree->rows);
}

bool diff_write_tree_data(struct vmpt_app *app, const struct diff_request *request)
{
    return app->settings.format == VMPT_FORMAT_CSV ? write_tree_csv(app, request->tree)
                                                   : write_tree_json(app, request);
}
