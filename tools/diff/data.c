/* data.c: what changed, for programs. */
#include <string.h>

#include "tools/common/terminal.h"
#include "tools/diff/output.h"

#define SCHEMA "vmprof/diff/1"

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

static const struct vmpt_column columns[] = {
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
        .columns = columns,
        .column_count = sizeof(columns) / sizeof(columns[0]),
        .rows = difference->rows,
        .row_count = vmpt_settings_limit(&app->settings, difference->count),
    };
    return app->settings.format == VMPT_FORMAT_CSV
               ? vmpt_table_write_csv(&table, vmpt_is_terminal(), &app->output)
               : write_json(app, request, &table);
}
