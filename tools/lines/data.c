/* data.c: lines for programs. */
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/common/function_columns.h"
#include "tools/common/terminal.h"
#include "tools/lines/output.h"

#define SCHEMA "vmprof/lines/1"

/* The rows of a table with `columns`. */
struct data_rows {
    const struct vmpt_profile *profile;
    const struct vmpt_line_table *table;
    const struct vmpt_line_row *items;
    bool has_intervals;
};

static const struct vmpt_line_row *row_at(const void *rows, size_t row)
{
    return &((const struct data_rows *)rows)->items[row];
}

static void file_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct data_rows *data = rows;
    const struct vmpt_line_file *file = &data->table->files[row_at(rows, row)->file];
    out->type = VMPT_STRING;
    out->string = file->name;
    out->string_size = file->name_size;
}

static void line_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = row_at(rows, row)->line;
}

static void self_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = row_at(rows, row)->self.weight;
}

static void total_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = row_at(rows, row)->total.weight;
}

static void interval_value(const void *rows, uint64_t weight, struct vmpt_value *out)
{
    const struct data_rows *data = rows;
    if (data->has_intervals) {
        out->type = VMPT_INTERVAL;
        out->interval =
            vmpt_interval95(weight, data->profile->total.weight, data->profile->effective_samples);
    }
}

static void self_interval_value(const void *rows, size_t row, struct vmpt_value *out)
{
    interval_value(rows, row_at(rows, row)->self.weight, out);
}

static void total_interval_value(const void *rows, size_t row, struct vmpt_value *out)
{
    interval_value(rows, row_at(rows, row)->total.weight, out);
}

/* CSV has the file in each row; in JSON the rows stand below their file. */
static const struct vmpt_column columns[] = {
    {.key = "file", .value = file_value},
    {.key = "line", .value = line_value},
    {.key = "self", .value = self_value},
    {.key = "total", .value = total_value},
    {.key = "self_ci95", .is_interval = true, .value = self_interval_value},
    {.key = "total_ci95", .is_interval = true, .value = total_interval_value},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static json_t *file_json(const struct data_rows *rows, const struct lines_request *request,
                         const struct vmpt_line_file *file)
{
    const struct data_rows own = {rows->profile, rows->table, rows->items + file->first_row,
                                  rows->has_intervals};
    struct vmpt_table table = {.columns = columns + 1,
                               .column_count = COLUMN_COUNT - 1,
                               .rows = &own,
                               .row_count = file->row_count};
    struct source source;
    json_t *out = json_object();
    bool read = source_init(&source, file->name, file->name_size, &request->folders,
                            rows->profile->start_unix_ns);
    int failed = !out || !read;
    failed |= json_object_set_new(out, "file", vmpt_json_string(file->name, file->name_size));
    failed |= json_object_set_new(out, "source", json_string(source_state_name(source.state)));
    failed |= json_object_set_new(out, "self", vmpt_json_integer(file->self.weight));
    failed |= json_object_set_new(out, "total", vmpt_json_integer(file->total.weight));
    failed |= json_object_set_new(out, "lines", vmpt_table_json(&table));
    source_fini(&source);
    if (failed) {
        json_decref(out);
        return NULL;
    }
    return out;
}

static bool write_json(struct vmpt_app *app, const struct lines_request *request,
                       const struct data_rows *rows)
{
    json_t *document = vmpt_document_json(app, SCHEMA);
    json_t *files = json_array();
    bool done = document && files;
    for (size_t i = 0; done && i < request->table->file_count; i++) {
        done =
            json_array_append_new(files, file_json(rows, request, &request->table->files[i])) == 0;
    }
    done = json_object_set_new(document, "files", files) == 0 && done;
    if (!done) {
        json_decref(document);
        return false;
    }
    return vmpt_json_write(document, &app->output);
}

/* Rows that --limit leaves out go: each file then has fewer, and some have none. */
static bool limit_table(struct vmpt_line_table *out, struct vmpt_line_row *rows,
                        struct vmpt_line_file *files, const struct vmpt_app *app,
                        const struct vmpt_line_table *table)
{
    size_t shown = vmpt_settings_limit(&app->settings, table->row_count);
    uint8_t *marks = vmpt_array(table->row_count, 1);
    bool done = marks && vmpt_line_table_mark(table, app->settings.sort, shown, marks);
    *out = (struct vmpt_line_table){.files = files, .rows = rows};
    for (size_t i = 0; done && i < table->file_count; i++) {
        struct vmpt_line_file file = table->files[i];
        size_t end = file.first_row + file.row_count;
        size_t first = out->row_count;
        for (size_t k = file.first_row; k < end; k++) {
            if (marks[k]) {
                rows[out->row_count] = table->rows[k];
                rows[out->row_count++].file = (uint32_t)out->file_count;
            }
        }
        file.first_row = first;
        file.row_count = out->row_count - first;
        if (file.row_count) {
            files[out->file_count++] = file;
        }
    }
    free(marks);
    return done;
}

static bool write_limited(struct vmpt_app *app, const struct lines_request *request)
{
    const struct data_rows rows = {.profile = app->profile,
                                   .table = request->table,
                                   .items = request->table->rows,
                                   .has_intervals = vmpt_profile_has_intervals(app->profile)};
    const struct vmpt_table table = {.columns = columns,
                                     .column_count = COLUMN_COUNT,
                                     .rows = &rows,
                                     .row_count = request->table->row_count};
    return app->settings.format == VMPT_FORMAT_CSV
               ? vmpt_table_write_csv(&table, vmpt_is_terminal(), &app->output)
               : write_json(app, request, &rows);
}

bool lines_write_data(struct vmpt_app *app, const struct lines_request *request)
{
    const struct vmpt_line_table *table = request->table;
    struct vmpt_line_row *rows = vmpt_array(table->row_count, sizeof(*rows));
    struct vmpt_line_file *files = vmpt_array(table->file_count, sizeof(*files));
    struct vmpt_line_table limited;
    struct lines_request own = *request;
    own.table = &limited;
    bool done =
        rows && files && limit_table(&limited, rows, files, app, table) && write_limited(app, &own);
    free(rows);
    free(files);
    return done;
}
