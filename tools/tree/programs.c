/* programs.c: the tree for programs. */
#include <inttypes.h>
#include <string.h>

#include "tools/common/function_columns.h"
#include "tools/common/terminal.h"
#include "tools/common/tree_json.h"
#include "tools/common/tree_rows.h"
#include "tools/tree/output.h"

#define SCHEMA "vmprof/tree/1"

/* ---- CSV: a row for each node, in preorder --------------------------------------------------------- */

static const struct vmpt_tree_node *node_at(const void *rows, size_t row)
{
    const struct vmpt_tree_rows *tree = rows;
    return &tree->tree->nodes[tree->items[row].node];
}

static void depth_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = node_at(rows, row)->depth;
}

static struct vmpt_function function_at(const void *rows, size_t row)
{
    const struct vmpt_tree_rows *tree = rows;
    return vmpt_call_tree_function(tree->tree, tree->items[row].node);
}

static void name_value(const void *rows, size_t row, struct vmpt_value *out)
{
    struct vmpt_function function = function_at(rows, row);
    out->type = VMPT_STRING;
    out->string = function.name;
    out->string_size = function.name_size;
}

static void file_value(const void *rows, size_t row, struct vmpt_value *out)
{
    struct vmpt_function function = function_at(rows, row);
    out->type = VMPT_STRING;
    out->string = function.file;
    out->string_size = function.file_size;
}

static void line_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = function_at(rows, row).first_line;
}

static void kind_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_STRING;
    out->string = vmpt_kind_name(function_at(rows, row).kind);
    out->string_size = strlen(out->string);
}

static void address_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->integer = function_at(rows, row).address;
    out->type = out->integer ? VMPT_ADDRESS : VMPT_NOTHING;
}

static void self_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = node_at(rows, row)->self.weight;
}

static void total_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = node_at(rows, row)->total.weight;
}

static const struct vmpt_column columns[] = {
    {.key = "depth", .value = depth_value}, {.key = "name", .value = name_value},
    {.key = "file", .value = file_value},   {.key = "line", .value = line_value},
    {.key = "kind", .value = kind_value},   {.key = "addr", .value = address_value},
    {.key = "self", .value = self_value},   {.key = "total", .value = total_value},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

bool tree_write_csv(struct vmpt_app *app, const struct vmpt_call_tree *tree)
{
    struct vmpt_tree_rows rows;
    struct vmpt_table table = {
        .columns = columns,
        .column_count = COLUMN_COUNT,
        .rows = &rows,
        .noun = "nodes",
    };
    bool done = vmpt_tree_rows_init(&rows, tree, 0);
    table.row_count = rows.count;
    done = done && vmpt_table_write_csv(&table, vmpt_is_terminal(), &app->output);
    vmpt_tree_rows_fini(&rows);
    return done;
}

/* ---- JSON ------------------------------------------------------------------------------------------ */

static bool open_node(struct vmpt_output *output, const void *ctx, size_t node)
{
    const struct vmpt_call_tree *tree = ctx;
    const struct vmpt_function function = vmpt_call_tree_function(tree, node);
    struct vmpt_buffer rest = {0};
    bool done = vmpt_tree_json_function(output, &function);
    vmpt_buffer_printf(&rest, ", \"self\": %" PRIu64 ", \"total\": %" PRIu64,
                       tree->nodes[node].self.weight, tree->nodes[node].total.weight);
    done = done && !rest.failed;
    if (done) {
        vmpt_output_write(output, rest.data, rest.size);
    }
    vmpt_buffer_fini(&rest);
    return done;
}

bool tree_write_json(struct vmpt_app *app, const struct vmpt_call_tree *tree)
{
    vmpt_tree_json_begin(&app->output, SCHEMA);
    return vmpt_tree_json_member(&app->output, "profile", vmpt_profile_json(app)) &&
           vmpt_tree_json_root(&app->output, tree, open_node, tree);
}
