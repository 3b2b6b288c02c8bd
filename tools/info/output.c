#include "tools/info/output.h"

#include "tools/analysis/memory.h"
#include "tools/common/terminal.h"

#include <stdlib.h>

#define TITLE_COLUMNS 14

static bool write_buffer(struct vmpt_app *app, struct vmpt_buffer *out)
{
    bool done = !out->failed;
    if (done && out->size) {
        vmpt_output_write(&app->output, out->data, out->size);
    }
    vmpt_buffer_fini(out);
    return done;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* A table as it is; the column of the file's name only where there are several. */
static bool write_table(struct vmpt_app *app, const struct vmpt_table *table)
{
    struct vmpt_text_look look = vmpt_terminal_look(app->settings.color);
    struct vmpt_column *shown = vmpt_array(table->column_count, sizeof(*shown));
    struct vmpt_table shown_table = *table;
    if (!shown) {
        return false;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        shown[i] = table->columns[i];
        if (app->file_count == 1 && shown[i].key && strcmp(shown[i].key, "file") == 0) {
            shown[i].title = NULL;
        }
    }
    shown_table.columns = shown;
    bool done = vmpt_table_write_text(&shown_table, &look, &app->output);
    free(shown);
    return done;
}

static void add_session(struct vmpt_buffer *out, const struct vmpt_table *table, size_t row)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct vmpt_column *column = &table->columns[i];
        struct vmpt_buffer cell = {0};
        if (!column->title) {
            continue;
        }
        column->text(table->rows, row, &cell);
        bool is_empty = cell.size == 0 || (cell.size == 1 && cell.data[0] == ' ');
        vmpt_buffer_printf(out, "  %-*s%s\n", TITLE_COLUMNS, column->title,
                           is_empty ? "-" : cell.data);
        out->failed = out->failed || cell.failed;
        vmpt_buffer_fini(&cell);
    }
}

static bool write_sessions(struct vmpt_app *app, const struct info_rows *rows)
{
    struct vmpt_table table = info_session_table(rows);
    struct vmpt_buffer out = {0};
    for (size_t i = 0; i < rows->report->session_count; i++) {
        const struct info_session *session = &rows->report->sessions[i];
        const struct info_file *file = &rows->report->files[session->file];
        vmpt_buffer_add_visible(&out, file->name, strlen(file->name));
        if (file->session_count > 1) {
            vmpt_buffer_printf(&out, ", session %zu of %zu", i - file->first_session + 1,
                               file->session_count);
        }
        vmpt_buffer_printf(&out, ": %s\n",
                           info_verdict_name(info_file_verdict(rows->checks, session->file)));
        add_session(&out, &table, i);
        vmpt_buffer_add_text(&out, "\n");
    }
    return write_buffer(app, &out);
}

static bool write_summary(struct vmpt_app *app, const struct info_rows *rows)
{
    struct vmpt_table kinds = info_kind_table(rows);
    struct vmpt_table columns = info_column_table(rows);
    if (!write_sessions(app, rows) || !write_table(app, &kinds)) {
        return false;
    }
    vmpt_output_write(&app->output, "\n", 1);
    return write_table(app, &columns);
}

static bool write_verification(struct vmpt_app *app, const struct info_rows *rows)
{
    struct vmpt_table table = info_check_table(rows);
    struct vmpt_buffer out = {0};
    if (!write_table(app, &table)) {
        return false;
    }
    for (size_t i = 0; i < rows->report->file_count; i++) {
        const char *name = rows->report->files[i].name;
        vmpt_buffer_add_visible(&out, name, strlen(name));
        vmpt_buffer_printf(&out, ": %s\n", info_verdict_name(info_file_verdict(rows->checks, i)));
    }
    return write_buffer(app, &out);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static struct vmpt_table chosen_table(const struct vmpt_app *app,
                                      const struct info_options *options,
                                      const struct info_rows *rows)
{
    struct vmpt_table table;
    if (options->verify) {
        return info_check_table(rows);
    }
    if (options->blocks && options->columns) {
        table = info_block_column_table(rows);
    } else if (options->blocks) {
        table = info_block_table(rows);
    } else if (options->columns) {
        return info_column_table(rows);
    } else {
        return info_session_table(rows);
    }
    size_t shown = vmpt_settings_limit(&app->settings, table.row_count);
    table.left_out = table.row_count - shown;
    table.row_count = shown;
    return table;
}

bool info_write(struct vmpt_app *app, const struct info_options *options,
                const struct info_rows *rows)
{
    struct vmpt_table table = chosen_table(app, options, rows);
    switch (app->settings.format) {
    case VMPT_FORMAT_JSON: return vmpt_json_write(info_json(app, rows), &app->output);
    case VMPT_FORMAT_CSV: return vmpt_table_write_csv(&table, vmpt_is_terminal(), &app->output);
    case VMPT_FORMAT_TEXT: break;
    }
    if (options->verify) {
        return write_verification(app, rows);
    }
    return options->blocks || options->columns ? write_table(app, &table)
                                               : write_summary(app, rows);
}
