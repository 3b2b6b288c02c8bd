/* text.c: the tree for people. */
#include <stdio.h>
#include <string.h>

#include "tools/common/function_columns.h"
#include "tools/common/terminal.h"
#include "tools/common/tree_rows.h"
#include "tools/tree/output.h"

#define BAR_COLUMNS 10

/* The rows of the table. */
struct shown {
    const struct vmpt_profile *profile;
    struct vmpt_tree_rows tree;
};

static const struct vmpt_tree_row *row_at(const void *rows, size_t row)
{
    return &((const struct shown *)rows)->tree.items[row];
}

static const struct vmpt_tree_node *node_at(const void *rows, size_t row)
{
    const struct shown *shown = rows;
    return &shown->tree.tree->nodes[row_at(rows, row)->node];
}

static struct vmpt_function function_at(const void *rows, size_t row)
{
    const struct shown *shown = rows;
    return vmpt_call_tree_function(shown->tree.tree, row_at(rows, row)->node);
}

static const struct vmpt_profile *profile_of(const void *rows)
{
    return ((const struct shown *)rows)->profile;
}

static void total_share_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_profile_add_share(out, profile_of(rows), node_at(rows, row)->total.weight);
}

static enum vmpt_style total_style(const void *rows, size_t row)
{
    return vmpt_profile_share_style(profile_of(rows), node_at(rows, row)->total.weight);
}

static void bar_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    double share = vmpt_share(profile_of(rows), node_at(rows, row)->total.weight);
    vmpt_tree_add_bar(out, share, BAR_COLUMNS, ((const struct shown *)rows)->tree.utf8);
}

static void total_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_format_weight(out, profile_of(rows), node_at(rows, row)->total.weight);
}

static void self_share_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_profile_add_share(out, profile_of(rows), node_at(rows, row)->self.weight);
}

static enum vmpt_style self_style(const void *rows, size_t row)
{
    return vmpt_profile_share_style(profile_of(rows), node_at(rows, row)->self.weight);
}

static void address_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    struct vmpt_function function = function_at(rows, row);
    vmpt_function_add_address(out, &function);
}

static void name_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    struct vmpt_function function = function_at(rows, row);
    vmpt_tree_rows_add_guides(&((const struct shown *)rows)->tree, row_at(rows, row), out);
    vmpt_function_add_name(out, &function);
}

static void place_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    struct vmpt_function function = function_at(rows, row);
    vmpt_function_add_place(out, &function);
}

static enum vmpt_style faint_style(const void *rows, size_t row)
{
    (void)rows;
    (void)row;
    return VMPT_FAINT;
}

#define ADDRESS_COLUMN 4
static const struct vmpt_column columns[] = {
    {.title = "TOTAL%", .is_number = true, .text = total_share_text, .style = total_style},
    {.title = "", .text = bar_text, .style = faint_style},
    {.title = "TOTAL", .is_number = true, .text = total_text},
    {.title = "SELF%", .is_number = true, .text = self_share_text, .style = self_style},
    [ADDRESS_COLUMN] = {.title = "ADDR", .is_number = true, .text = address_text},
    {.title = "FUNCTION", .can_shrink = true, .text = name_text},
    {.title = "FILE:LINE", .can_shrink = true, .text = place_text, .style = faint_style},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static const char *separator(const struct vmpt_buffer *out)
{
    return out->size ? ", " : "Not shown: ";
}

static void add_rest(struct vmpt_buffer *out, const struct vmpt_profile *profile,
                     const struct vmpt_tree_rest *rest, const char *why)
{
    vmpt_buffer_printf(out, "%s%zu %s%s (", separator(out), rest->count,
                       rest->count == 1 ? "branch" : "branches", why);
    vmpt_profile_add_share(out, profile, rest->weight);
}

/* What the options left out, and which of them shows it. */
static bool write_rest(struct vmpt_app *app, const struct vmpt_call_tree *tree,
                       const struct vmpt_tree_options *made_with)
{
    struct vmpt_buffer out = {0};
    char why[64];
    if (tree->other.count) {
        add_rest(&out, app->profile, &tree->other, " beyond the first rows");
        vmpt_buffer_add_text(&out, "; -n 0 shows them)");
    }
    if (tree->light.count) {
        double share = vmpt_share(app->profile, made_with->min_weight);
        (void)snprintf(why, sizeof(why), " of less than %.3g%% each", 100 * share);
        add_rest(&out, app->profile, &tree->light, why);
        vmpt_buffer_add_text(&out, "; --min-share=0)");
    }
    if (tree->deep.count) {
        (void)snprintf(why, sizeof(why), " below level %zu", made_with->max_depth);
        add_rest(&out, app->profile, &tree->deep, why);
        vmpt_buffer_add_text(&out, "; --depth=0)");
    }
    if (out.size) {
        vmpt_buffer_add_text(&out, "\n");
        vmpt_output_write(&app->output, out.data, out.size);
    }
    bool done = !out.failed;
    vmpt_buffer_fini(&out);
    return done;
}

bool tree_write_text(struct vmpt_app *app, const struct vmpt_call_tree *tree,
                     const struct vmpt_tree_options *made_with)
{
    struct vmpt_text_look look = vmpt_terminal_look(app->settings.color);
    struct shown shown = {.profile = app->profile};
    struct vmpt_column shown_columns[COLUMN_COUNT];
    struct vmpt_table table = {
        .columns = shown_columns,
        .column_count = COLUMN_COUNT,
        .rows = &shown,
        .noun = "nodes",
    };
    memcpy(shown_columns, columns, sizeof(columns));
    if (!app->settings.show_address) {
        shown_columns[ADDRESS_COLUMN].title = NULL;
    }
    bool done = vmpt_tree_rows_init(&shown.tree, tree, vmpt_tree_levels(&look));
    shown.tree.utf8 = vmpt_is_utf8();
    table.row_count = shown.tree.count;
    done = done && vmpt_profile_headline(app, &app->output);
    if (done && tree->nodes[0].total.samples == 0) {
        const char *why = vmpt_profile_why_empty(app->profile);
        vmpt_output_write(&app->output, why, strlen(why));
    } else if (done) {
        done =
            vmpt_table_write_text(&table, &look, &app->output) && write_rest(app, tree, made_with);
    }
    vmpt_tree_rows_fini(&shown.tree);
    return done;
}
