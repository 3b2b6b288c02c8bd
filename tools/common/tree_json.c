#include "tools/common/tree_json.h"

#include <inttypes.h>
#include <string.h>

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

bool vmpt_tree_json_function(struct vmpt_output *output, const struct vmpt_function *function)
{
    struct vmpt_buffer rest = {0};
    bool done = write_string(output, "{\"name\": ", function->name, function->name_size) &&
                write_string(output, ", \"file\": ", function->file, function->file_size);
    vmpt_buffer_printf(&rest, ", \"line\": %" PRIu32 ", \"kind\": \"%s\"", function->first_line,
                       vmpt_kind_name(function->kind));
    if (function->address) {
        vmpt_buffer_printf(&rest, ", \"addr\": \"0x%" PRIx64 "\"", function->address);
    } else {
        vmpt_buffer_add_text(&rest, ", \"addr\": null");
    }
    done = done && !rest.failed;
    if (done) {
        vmpt_output_write(output, rest.data, rest.size);
    }
    vmpt_buffer_fini(&rest);
    return done;
}

bool vmpt_tree_json_member(struct vmpt_output *output, const char *key, json_t *value)
{
    write_text(output, ",\n\"");
    write_text(output, key);
    write_text(output, "\": ");
    return write_value(output, value, JSON_INDENT(2) | JSON_ENCODE_ANY);
}

void vmpt_tree_json_begin(struct vmpt_output *output, const char *schema)
{
    write_text(output, "{\n\"schema\": \"");
    write_text(output, schema);
    write_text(output, "\"");
}

bool vmpt_tree_json_root(struct vmpt_output *output, const struct vmpt_call_tree *tree,
                         bool (*open)(struct vmpt_output *output, const void *ctx, size_t node),
                         const void *ctx)
{
    static const char children[] = ", \"children\": [";
    size_t node = 0;
    write_text(output, ",\n\"root\": ");
    bool done = open(output, ctx, 0);
    write_text(output, children);
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
        done = !output->broken && open(output, ctx, next);
        write_text(output, children);
        node = next;
    }
    write_text(output, "]}\n}\n");
    return done || output->broken;
}
