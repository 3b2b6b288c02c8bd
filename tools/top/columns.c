#include "tools/top/columns.h"

#include <inttypes.h>
#include <string.h>

#include "tools/common/terminal.h"

#define SCHEMA "vmprof/top/1"

struct rows {
    const struct vmpt_profile *profile;
    const struct vmpt_function_row *items;
    bool has_intervals;
};

static const struct vmpt_function_row *row_at(const void *rows, size_t row)
{
    return &((const struct rows *)rows)->items[row];
}

static const struct vmpt_profile *profile_of(const void *rows)
{
    return ((const struct rows *)rows)->profile;
}

/* ---- for programs -------------------------------------------------------------------------------- */

static void name_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpt_function *function = &row_at(rows, row)->function;
    out->type = VMPT_STRING;
    out->string = function->name;
    out->string_size = function->name_size;
}

static void file_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpt_function *function = &row_at(rows, row)->function;
    out->type = VMPT_STRING;
    out->string = function->file;
    out->string_size = function->file_size;
}

static void line_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = row_at(rows, row)->function.first_line;
}

static void kind_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_STRING;
    out->string = vmpt_kind_name(row_at(rows, row)->function.kind);
    out->string_size = strlen(out->string);
}

static void address_value(const void *rows, size_t row, struct vmpt_value *out)
{
    uint64_t address = row_at(rows, row)->function.address;
    out->type = address ? VMPT_ADDRESS : VMPT_NOTHING;
    out->integer = address;
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

static void interval_value(const struct rows *rows, uint64_t weight, struct vmpt_value *out)
{
    const struct vmpt_profile *profile = rows->profile;
    if (!rows->has_intervals) {
        return;
    }
    out->type = VMPT_INTERVAL;
    out->interval = vmpt_interval95(weight, profile->total.weight, profile->effective_samples);
}

static void self_interval_value(const void *rows, size_t row, struct vmpt_value *out)
{
    interval_value(rows, row_at(rows, row)->self.weight, out);
}

static void total_interval_value(const void *rows, size_t row, struct vmpt_value *out)
{
    interval_value(rows, row_at(rows, row)->total.weight, out);
}

/* ---- for people ---------------------------------------------------------------------------------- */

static void add_share(const void *rows, uint64_t weight, struct vmpt_buffer *out)
{
    vmpt_buffer_printf(out, "%.1f%%", 100 * vmpt_share(profile_of(rows), weight));
}

static enum vmpt_style share_style(const void *rows, uint64_t weight)
{
    double share = vmpt_share(profile_of(rows), weight);
    if (share >= 0.2) {
        return VMPT_HOT;
    }
    return share >= 0.05 ? VMPT_WARM : VMPT_PLAIN;
}

static void self_share_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    add_share(rows, row_at(rows, row)->self.weight, out);
}

static void total_share_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    add_share(rows, row_at(rows, row)->total.weight, out);
}

static enum vmpt_style self_style(const void *rows, size_t row)
{
    return share_style(rows, row_at(rows, row)->self.weight);
}

static void self_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_format_weight(out, profile_of(rows), row_at(rows, row)->self.weight);
}

static void total_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_format_weight(out, profile_of(rows), row_at(rows, row)->total.weight);
}

static void address_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    uint64_t address = row_at(rows, row)->function.address;
    if (address) {
        vmpt_buffer_printf(out, "0x%" PRIx64, address);
    } else {
        vmpt_buffer_add_text(out, "-");
    }
}

static void name_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpt_function *function = &row_at(rows, row)->function;
    if (function->name_size) {
        vmpt_buffer_add_visible(out, function->name, function->name_size);
    } else {
        vmpt_buffer_add_text(out, "-");
    }
}

static void place_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpt_function *function = &row_at(rows, row)->function;
    vmpt_buffer_add_visible(out, function->file, function->file_size);
    if (function->first_line) {
        vmpt_buffer_printf(out, ":%" PRIu32, function->first_line);
    }
}

static enum vmpt_style faint_style(const void *rows, size_t row)
{
    (void)rows;
    (void)row;
    return VMPT_FAINT;
}

/* The address stands in text only where it was asked for: with_address() takes it out. */
#define ADDRESS_COLUMN 4
static const struct vmpt_column columns[] = {
    {.title = "SELF%", .is_number = true, .text = self_share_text, .style = self_style},
    {.title = "SELF", .is_number = true, .text = self_text},
    {.title = "TOTAL%", .is_number = true, .text = total_share_text},
    {.title = "TOTAL", .is_number = true, .text = total_text},
    [ADDRESS_COLUMN] = {.title = "ADDR", .is_number = true, .text = address_text},
    {.title = "FUNCTION", .can_shrink = true, .text = name_text},
    {.title = "FILE:LINE", .can_shrink = true, .text = place_text, .style = faint_style},
    {.key = "name", .value = name_value},
    {.key = "file", .value = file_value},
    {.key = "line", .value = line_value},
    {.key = "kind", .value = kind_value},
    {.key = "addr", .value = address_value},
    {.key = "self", .value = self_value},
    {.key = "total", .value = total_value},
    {.key = "self_ci95", .is_interval = true, .value = self_interval_value},
    {.key = "total_ci95", .is_interval = true, .value = total_interval_value},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* ---- writing ------------------------------------------------------------------------------------- */

static const char *why_empty(const struct vmpt_profile *profile)
{
    for (size_t i = 0; i < profile->input_count; i++) {
        if (profile->inputs[i].samples) {
            return "No samples are left: the filters took them all.\n";
        }
    }
    /* A file cannot know why there are none; one that is damaged may have had some. */
    if (profile->damaged) {
        return "No samples are in what could be read.\n";
    }
    return "No samples were taken: the program used little CPU time, or blocked all signals.\n";
}

static bool write_text(struct vmpt_app *app, const struct vmpt_table *table)
{
    struct vmpt_text_look look = vmpt_terminal_look(app->settings.color);
    struct vmpt_column shown[COLUMN_COUNT];
    struct vmpt_table shown_table = *table;
    memcpy(shown, columns, sizeof(columns));
    if (!app->settings.show_address) {
        shown[ADDRESS_COLUMN].title = NULL;
    }
    shown_table.columns = shown;
    if (!vmpt_profile_headline(app, &app->output)) {
        return false;
    }
    if (!vmpt_table_write_text(&shown_table, &look, &app->output)) {
        return false;
    }
    if (table->row_count + table->left_out == 0) {
        vmpt_output_write(&app->output, why_empty(app->profile), strlen(why_empty(app->profile)));
    }
    return true;
}

static bool write_json(struct vmpt_app *app, const struct vmpt_table *table)
{
    json_t *document = vmpt_document_json(app, SCHEMA);
    if (json_object_set_new(document, "functions", vmpt_table_json(table)) != 0) {
        json_decref(document);
        return false;
    }
    return vmpt_json_write(document, &app->output);
}

bool top_write(struct vmpt_app *app, const struct vmpt_function_table *functions)
{
    const struct vmpt_profile *profile = app->profile;
    struct rows rows = {
        .profile = profile,
        .items = functions->rows,
        .has_intervals = vmpt_metric_is_sampled(&profile->metric) && profile->total.weight > 0,
    };
    struct vmpt_table table = {
        .columns = columns,
        .column_count = COLUMN_COUNT,
        .rows = &rows,
        .row_count = vmpt_settings_limit(&app->settings, functions->count),
        .noun = "functions",
    };
    table.left_out = functions->count - table.row_count;
    switch (app->settings.format) {
    case VMPT_FORMAT_JSON: return write_json(app, &table);
    case VMPT_FORMAT_CSV: return vmpt_table_write_csv(&table, vmpt_is_terminal(), &app->output);
    case VMPT_FORMAT_TEXT: break;
    }
    return write_text(app, &table);
}
