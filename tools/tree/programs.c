/* programs.c: the tree for programs. A stack may be a million frames deep, so nothing here recurses, and no node is
 * indented. */
#include <inttypes.h>
#include <string.h>

#include "tools/common/function_columns.h"
#include "tools/common/terminal.h"
#include "tools/tree/guides.h"
#include "tools/tree/output.h"

#define SCHEMA "vmprof/tree/1"

/* ---- CSV: a row for each node, in preorder --------------------------------------------------------- */

static const struct vmpt_tree_node *node_at(const void *rows, size_t row)
{
    const struct tree_rows *tree = rows;
    return &tree->tree->nodes[tree->items[row].node];
}

static void depth_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = node_at(rows, row)->depth;
}

static struct vmpt_function function_at(const void *rows, size_t row)
{
    const struct tree_rows *tree = rows;
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
    struct tree_rows rows;
    struct vmpt_table table = {
        .columns = columns,
        .column_count = COLUMN_COUNT,
        .rows = &rows,
        .noun = "nodes",
    };
    bool done = tree_rows_init(&rows, tree, 0);
    table.row_count = rows.count;
    done = done && vmpt_table_write_csv(&table, vmpt_is_terminal(), &app->output);
    tree_rows_fini(&rows);
    return done;
}

/* ---- JSON ------------------------------------------------------------------------------------------ */

static int write_piece(const char *piece, size_t size, void *ctx)
{
    struct vmpt_output *output = ctx;
    vmpt_output_write(output, piece, size);
    return output->broken ? -1 : 0;
}

/* Writes one value and takes the reference. False: memory is short, or it was NULL. */
static bool write_value(struct vmpt_output *output, json_t *value, size_t flags)
{
    if (!value) {
        return false;
    }
    int result = json_dump_callback(value, write_piece, output, flags);
    json_decref(value);
    return result == 0 || output->broken;
}

static void write_text(struct vmpt_output *output, const char *text)
{
    vmpt_output_write(output, text, strlen(text));
}

static bool write_string(struct vmpt_output *output, const char *key, const char *data, size_t size)
{
    write_text(output, key);
    return write_value(output, vmpt_json_string(data, size), JSON_ENCODE_ANY);
}

/* A node up to the bracket that its children stand in. */
static bool open_node(struct vmpt_output *output, const struct vmpt_call_tree *tree, size_t node)
{
    struct vmpt_function function = vmpt_call_tree_function(tree, node);
    struct vmpt_buffer rest = {0};
    bool done = write_string(output, "{\"name\": ", function.name, function.name_size) &&
                write_string(output, ", \"file\": ", function.file, function.file_size);
    vmpt_buffer_printf(&rest, ", \"line\": %" PRIu32 ", \"kind\": \"%s\"", function.first_line,
                       vmpt_kind_name(function.kind));
    if (function.address) {
        vmpt_buffer_printf(&rest, ", \"addr\": \"0x%" PRIx64 "\"", function.address);
    } else {
        vmpt_buffer_add_text(&rest, ", \"addr\": null");
    }
    vmpt_buffer_printf(&rest, ", \"self\": %" PRIu64 ", \"total\": %" PRIu64 ", \"children\": [",
                       tree->nodes[node].self.weight, tree->nodes[node].total.weight);
    done = done && !rest.failed;
    if (done) {
        vmpt_output_write(output, rest.data, rest.size);
    }
    vmpt_buffer_fini(&rest);
    return done;
}

static bool write_root(struct vmpt_output *output, const struct vmpt_call_tree *tree)
{
    size_t node = 0;
    bool done = open_node(output, tree, 0);
    while (done) {
        size_t next = vmpt_call_tree_next(tree, node);
        size_t parent = next == SIZE_MAX ? 0 : tree->nodes[next].parent;
        bool is_child = next != SIZE_MAX && parent == node;
        while (node != parent) { /* what ends before the next node begins */
            write_text(output, "]}");
            node = tree->nodes[node].parent;
        }
        if (next == SIZE_MAX) {
            break;
        }
        write_text(output, is_child ? "\n" : ",\n");
        done = !output->broken && open_node(output, tree, next);
        node = next;
    }
    write_text(output, "]}");
    return done || output->broken;
}

bool tree_write_json(struct vmpt_app *app, const struct vmpt_call_tree *tree)
{
    write_text(&app->output, "{\n\"schema\": \"" SCHEMA "\",\n\"profile\": ");
    if (!write_value(&app->output, vmpt_profile_json(app), JSON_INDENT(2))) {
        return false;
    }
    write_text(&app->output, ",\n\"root\": ");
    if (!write_root(&app->output, tree)) {
        return false;
    }
    write_text(&app->output, "\n}\n");
    return true;
}
