#include "tools/top/columns.h"

#include <string.h>

#include "tools/common/function_columns.h"
#include "tools/common/level_columns.h"
#include "tools/common/terminal.h"

#define SCHEMA "vmprof/top/1"

static bool is_gauge(const struct vmpt_app *app)
{
    return vmpt_metric_is_gauge(&app->profile->metric);
}

static bool write_text(struct vmpt_app *app, const struct vmpt_table *table)
{
    struct vmpt_text_look look = vmpt_terminal_look(app->settings.color);
    struct vmpt_column amounts[VMPT_FUNCTION_COLUMN_COUNT], levels[VMPT_LEVEL_COLUMN_COUNT];
    struct vmpt_table shown_table = *table;
    if (is_gauge(app)) {
        vmpt_level_columns_shown(levels, app->settings.show_address);
        shown_table.columns = levels;
    } else {
        vmpt_function_columns_shown(amounts, app->settings.show_address);
        shown_table.columns = amounts;
    }
    if (!vmpt_profile_headline(app, &app->output)) {
        return false;
    }
    if (!vmpt_table_write_text(&shown_table, &look, &app->output)) {
        return false;
    }
    if (table->row_count + table->left_out == 0) {
        const char *why = vmpt_profile_why_empty(app->profile);
        vmpt_output_write(&app->output, why, strlen(why));
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
    struct vmpt_function_rows rows = {
        .profile = profile,
        .items = functions->rows,
        .has_intervals = vmpt_profile_has_intervals(profile),
    };
    struct vmpt_table table = {
        .columns = is_gauge(app) ? vmpt_level_columns : vmpt_function_columns,
        .column_count = is_gauge(app) ? VMPT_LEVEL_COLUMN_COUNT : VMPT_FUNCTION_COLUMN_COUNT,
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
