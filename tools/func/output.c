#include "tools/func/output.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/common/function_columns.h"
#include "tools/common/terminal.h"

#define SCHEMA "vmprof/func/1"

/* The function itself, then its relatives. */
#define PARTS 4
struct part {
    const char *relation; /* CSV */
    const char *key;      /* JSON */
    const char *heading;  /* text */
    const char *none;     /* text, where there are none */
    const struct vmpt_function_row *rows;
    size_t count;
};

static void fill_parts(struct part parts[PARTS], const struct vmpt_function_row *function,
                       const struct vmpt_relatives *relatives)
{
    const struct part made[PARTS] = {
        {"function", "function", "", "", function, 1},
        {"caller", "callers", "Callers:", "Nothing called it.", relatives->callers.rows,
         relatives->callers.count},
        {"callee", "callees", "Callees:", "It called nothing.", relatives->callees.rows,
         relatives->callees.count},
        {"descendant", "descendants", "All that ran below it:", "Nothing ran below it.",
         relatives->descendants.rows, relatives->descendants.count},
    };
    memcpy(parts, made, sizeof(made));
}

/* ---- text ------------------------------------------------------------------------------------------ */

static bool write_text_part(struct vmpt_app *app, const struct part *part,
                            const struct vmpt_text_look *look)
{
    struct vmpt_column columns[VMPT_FUNCTION_COLUMN_COUNT];
    struct vmpt_function_rows rows = {.profile = app->profile, .items = part->rows};
    struct vmpt_buffer heading = {0};
    struct vmpt_table table = {
        .columns = columns,
        .column_count = VMPT_FUNCTION_COLUMN_COUNT,
        .rows = &rows,
        .row_count = vmpt_settings_limit(&app->settings, part->count),
        .noun = part->key,
    };
    table.left_out = part->count - table.row_count;
    vmpt_function_columns_shown(columns, app->settings.show_address);
    if (part->heading[0]) {
        vmpt_buffer_printf(&heading, "\n%s\n", part->count ? part->heading : part->none);
    }
    if (heading.size) {
        vmpt_output_write(&app->output, heading.data, heading.size);
    }
    bool done = !heading.failed;
    vmpt_buffer_fini(&heading);
    return done && (part->count == 0 || vmpt_table_write_text(&table, look, &app->output));
}

static bool write_text(struct vmpt_app *app, const struct part parts[PARTS])
{
    struct vmpt_text_look look = vmpt_terminal_look(app->settings.color);
    bool done = vmpt_profile_headline(app, &app->output);
    for (size_t i = 0; done && i < PARTS; i++) {
        done = write_text_part(app, &parts[i], &look);
    }
    return done;
}

/* ---- JSON ------------------------------------------------------------------------------------------ */

static json_t *part_json(const struct vmpt_app *app, const struct part *part, size_t limit)
{
    struct vmpt_function_rows rows = {
        .profile = app->profile,
        .items = part->rows,
        .has_intervals = vmpt_profile_has_intervals(app->profile),
    };
    struct vmpt_table table = {
        .columns = vmpt_function_columns,
        .column_count = VMPT_FUNCTION_COLUMN_COUNT,
        .rows = &rows,
        .row_count = limit,
    };
    return vmpt_table_json(&table);
}

static bool write_json(struct vmpt_app *app, const struct part parts[PARTS])
{
    json_t *document = vmpt_document_json(app, SCHEMA);
    json_t *own = part_json(app, &parts[0], 1);
    int failed = json_object_set(document, parts[0].key, json_array_get(own, 0));
    json_decref(own);
    for (size_t i = 1; i < PARTS; i++) {
        size_t limit = vmpt_settings_limit(&app->settings, parts[i].count);
        failed |= json_object_set_new(document, parts[i].key, part_json(app, &parts[i], limit));
    }
    if (failed) {
        json_decref(document);
        return false;
    }
    return vmpt_json_write(document, &app->output);
}

/* ---- CSV: one table, which says of each row what it is ----------------------------------------------- */

struct csv_rows {
    struct vmpt_function_rows rows; /* first, so that the columns of functions find it */
    const char **relations;
};

static void relation_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_STRING;
    out->string = ((const struct csv_rows *)rows)->relations[row];
    out->string_size = strlen(out->string);
}

static bool write_csv(struct vmpt_app *app, const struct part parts[PARTS])
{
    struct vmpt_column columns[VMPT_FUNCTION_COLUMN_COUNT + 1] = {
        {.key = "relation", .value = relation_value}};
    size_t most = 0;
    size_t count = 0;
    for (size_t i = 0; i < PARTS; i++) {
        most += parts[i].count;
    }
    struct vmpt_function_row *items = vmpt_array(most, sizeof(*items));
    const char **relations = vmpt_array(most, sizeof(const char *));
    for (size_t i = 0; items && relations && i < PARTS; i++) {
        size_t limit = i ? vmpt_settings_limit(&app->settings, parts[i].count) : 1;
        for (size_t row = 0; row < limit; row++) {
            items[count] = parts[i].rows[row];
            relations[count++] = parts[i].relation;
        }
    }
    struct csv_rows rows = {
        .rows = {app->profile, items, vmpt_profile_has_intervals(app->profile)},
        .relations = relations,
    };
    memcpy(columns + 1, vmpt_function_columns, sizeof(vmpt_function_columns));
    struct vmpt_table table = {
        .columns = columns,
        .column_count = VMPT_FUNCTION_COLUMN_COUNT + 1,
        .rows = &rows,
        .row_count = count,
    };
    bool done =
        items && relations && vmpt_table_write_csv(&table, vmpt_is_terminal(), &app->output);
    free(items);
    free((void *)relations);
    return done;
}

bool func_write(struct vmpt_app *app, const struct vmpt_function_row *function,
                const struct vmpt_relatives *relatives)
{
    struct part parts[PARTS];
    fill_parts(parts, function, relatives);
    switch (app->settings.format) {
    case VMPT_FORMAT_JSON: return write_json(app, parts);
    case VMPT_FORMAT_CSV: return write_csv(app, parts);
    case VMPT_FORMAT_TEXT: break;
    }
    return write_text(app, parts);
}
