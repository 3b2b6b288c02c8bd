/* text.c: what changed, for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/function_columns.h"
#include "tools/common/terminal.h"
#include "tools/common/tree_rows.h"
#include "tools/diff/output.h"

#define BAR_COLUMNS 10

/* The rows of the table. */
struct shown_rows {
    const struct vmpt_profile *profile; /* the one before: what normalised weights are of */
    const struct vmpt_difference_row *items;
    bool normalise;
    const struct vmpt_tree_rows *tree; /* of a tree: what the rows hang on; else NULL */
    uint64_t greatest;                 /* of a tree: the size of the greatest change of a total */
};

static const struct vmpt_difference_row *row_at(const void *rows, size_t row)
{
    return &((const struct shown_rows *)rows)->items[row];
}

/* A weight as the table has them: a share of the whole, or in the unit. */
static void add_weight(const struct shown_rows *shown, uint64_t weight, struct vmpt_buffer *out)
{
    if (shown->normalise) {
        vmpt_profile_add_share(out, shown->profile, weight);
    } else {
        vmpt_format_weight(out, shown->profile, weight);
    }
}

static void add_change(const struct shown_rows *shown, const struct vmpt_change *change,
                       struct vmpt_buffer *out)
{
    bool less = change->after < change->before;
    uint64_t size = vmpt_change_size(change);
    if (size == 0) {
        return;
    }
    vmpt_buffer_add_text(out, less ? "-" : "+");
    add_weight(shown, size, out);
    if (change->reach > 0) {
        vmpt_buffer_add_text(out, vmpt_is_utf8() ? " \u00b1" : " +-");
        if (shown->normalise) {
            vmpt_buffer_printf(out, "%.1f",
                               100 * change->reach / (double)shown->profile->total.weight);
        } else {
            vmpt_format_weight(out, shown->profile, (uint64_t)change->reach);
        }
    }
    vmpt_buffer_add_text(out, change->significant ? " *" : "  ");
}

static void self_before_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    add_weight(rows, row_at(rows, row)->self.before, out);
}

static void self_after_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    add_weight(rows, row_at(rows, row)->self.after, out);
}

static void self_change_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    add_change(rows, &row_at(rows, row)->self, out);
}

static void total_before_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    add_weight(rows, row_at(rows, row)->total.before, out);
}

static void total_after_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    add_weight(rows, row_at(rows, row)->total.after, out);
}

static void total_change_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    add_change(rows, &row_at(rows, row)->total, out);
}

static enum vmpt_style style_of(const struct vmpt_change *change)
{
    if (!change->significant) {
        return VMPT_FAINT;
    }
    return change->after > change->before ? VMPT_HOT : VMPT_WARM;
}

static enum vmpt_style self_style(const void *rows, size_t row)
{
    return style_of(&row_at(rows, row)->self);
}

static enum vmpt_style total_style(const void *rows, size_t row)
{
    return style_of(&row_at(rows, row)->total);
}

static void name_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_function_add_name(out, &row_at(rows, row)->function);
}

static void place_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_function_add_place(out, &row_at(rows, row)->function);
}

static void address_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_function_add_address(out, &row_at(rows, row)->function);
}

static enum vmpt_style faint_style(const void *rows, size_t row)
{
    (void)rows;
    (void)row;
    return VMPT_FAINT;
}

/* As much of the greatest change as this one is. */
static void bar_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct shown_rows *shown = rows;
    uint64_t size = vmpt_change_size(&row_at(rows, row)->total);
    if (size) {
        vmpt_tree_add_bar(out, (double)size / (double)shown->greatest, BAR_COLUMNS,
                          shown->tree->utf8);
    }
}

static void guided_name_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpt_tree_rows *tree = ((const struct shown_rows *)rows)->tree;
    vmpt_tree_rows_add_guides(tree, &tree->items[row], out);
    name_text(rows, row, out);
}

#define ADDRESS_TITLE "ADDR"
static const struct vmpt_column columns[] = {
    {.title = "TOTAL", .is_number = true, .text = total_before_text},
    {.title = "AFTER", .is_number = true, .text = total_after_text},
    {.title = "CHANGE  ", .is_number = true, .text = total_change_text, .style = total_style},
    {.title = "SELF", .is_number = true, .text = self_before_text},
    {.title = "AFTER", .is_number = true, .text = self_after_text},
    {.title = "CHANGE  ", .is_number = true, .text = self_change_text, .style = self_style},
    {.title = ADDRESS_TITLE, .is_number = true, .text = address_text},
    {.title = "FUNCTION", .can_shrink = true, .text = name_text},
    {.title = "FILE:LINE", .can_shrink = true, .text = place_text, .style = faint_style},
};

static const struct vmpt_column tree_columns[] = {
    {.title = "TOTAL", .is_number = true, .text = total_before_text},
    {.title = "AFTER", .is_number = true, .text = total_after_text},
    {.title = "", .text = bar_text, .style = total_style},
    {.title = "CHANGE  ", .is_number = true, .text = total_change_text, .style = total_style},
    {.title = "SELF CHANGE  ", .is_number = true, .text = self_change_text, .style = self_style},
    {.title = ADDRESS_TITLE, .is_number = true, .text = address_text},
    {.title = "FUNCTION", .can_shrink = true, .text = guided_name_text},
    {.title = "FILE:LINE", .can_shrink = true, .text = place_text, .style = faint_style},
};
#define MOST_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* The columns, without that of addresses unless it was asked for. */
static size_t choose_columns(const struct vmpt_app *app, bool is_tree,
                             struct vmpt_column out[MOST_COLUMNS])
{
    size_t count = is_tree ? sizeof(tree_columns) / sizeof(tree_columns[0]) : MOST_COLUMNS;
    memcpy(out, is_tree ? tree_columns : columns, count * sizeof(*out));
    for (size_t i = 0; i < count && !app->settings.show_address; i++) {
        if (out[i].title && strcmp(out[i].title, ADDRESS_TITLE) == 0) {
            out[i].title = NULL;
        }
    }
    return count;
}

static bool write_buffer(struct vmpt_app *app, struct vmpt_buffer *out)
{
    bool done = !out->failed;
    if (done && out->size) {
        vmpt_output_write(&app->output, out->data, out->size);
    }
    vmpt_buffer_fini(out);
    return done;
}

static bool write_verdict(struct vmpt_app *app, size_t significant, size_t compared,
                          const char *noun)
{
    struct vmpt_buffer out = {0};
    vmpt_buffer_printf(&out, "%zu of %zu %s changed by more than the noise of sampling (*)\n",
                       significant, compared, noun);
    return write_buffer(app, &out);
}

static bool write_headlines(struct vmpt_app *app, const struct diff_request *request)
{
    static const char before[] = "before: ";
    static const char after[] = "after:  ";
    vmpt_output_write(&app->output, before, strlen(before));
    bool done = vmpt_profile_headline(request->before, &app->output);
    vmpt_output_write(&app->output, after, strlen(after));
    return vmpt_profile_headline(app, &app->output) && done;
}

bool diff_write_text(struct vmpt_app *app, const struct diff_request *request)
{
    const struct vmpt_difference *difference = request->difference;
    struct vmpt_text_look look = vmpt_terminal_look(app->settings.color);
    struct vmpt_column shown_columns[MOST_COLUMNS];
    const struct shown_rows rows = {.profile = request->before->profile,
                                    .items = difference->rows,
                                    .normalise = request->normalise};
    struct vmpt_table table = {.columns = shown_columns,
                               .rows = &rows,
                               .row_count = vmpt_settings_limit(&app->settings, difference->count),
                               .noun = "functions"};
    table.left_out = difference->count - table.row_count;
    table.column_count = choose_columns(app, false, shown_columns);
    return write_headlines(app, request) &&
           write_verdict(app, difference->significant, difference->compared, table.noun) &&
           (table.row_count == 0 || vmpt_table_write_text(&table, &look, &app->output));
}

/* ---- the tree ---------------------------------------------------------------------------------------- */

static void add_rest(struct vmpt_buffer *out, const struct vmpt_tree_rest *rest, const char *why,
                     const char *option)
{
    if (rest->count) {
        vmpt_buffer_printf(out, "%s%zu %s %s (%s shows them)",
                           out->size ? ", " : "Not shown: ", rest->count,
                           rest->count == 1 ? "branch" : "branches", why, option);
    }
}

/* What the options left out, and which of them shows it. */
static bool write_rest(struct vmpt_app *app, const struct diff_request *request)
{
    const struct vmpt_call_tree *tree = &request->tree->tree;
    struct vmpt_buffer out = {0};
    char why[64];
    add_rest(&out, &tree->other, "beyond the first rows", "-n 0");
    (void)snprintf(why, sizeof(why), "of less than %.3g%% before and after",
                   100 * request->min_share);
    add_rest(&out, &tree->light, why, "--min-share=0");
    (void)snprintf(why, sizeof(why), "below level %zu", request->max_depth);
    add_rest(&out, &tree->deep, why, "--depth=0");
    if (out.size) {
        vmpt_buffer_add_text(&out, "\n");
    }
    return write_buffer(app, &out);
}

static bool write_tree_table(struct vmpt_app *app, struct shown_rows *shown)
{
    struct vmpt_text_look look = vmpt_terminal_look(app->settings.color);
    struct vmpt_column shown_columns[MOST_COLUMNS];
    struct vmpt_table table = {.columns = shown_columns,
                               .column_count = choose_columns(app, true, shown_columns),
                               .rows = shown,
                               .row_count = shown->tree->count,
                               .noun = "nodes"};
    for (size_t i = 0; i < table.row_count; i++) {
        uint64_t size = vmpt_change_size(&shown->items[i].total);
        shown->greatest = size > shown->greatest ? size : shown->greatest;
    }
    return vmpt_table_write_text(&table, &look, &app->output);
}

bool diff_write_tree_text(struct vmpt_app *app, const struct diff_request *request)
{
    const struct vmpt_tree_difference *difference = request->tree;
    struct vmpt_text_look look = vmpt_terminal_look(app->settings.color);
    struct vmpt_tree_rows tree;
    bool done = vmpt_tree_rows_init(&tree, &difference->tree, vmpt_tree_levels(&look));
    struct vmpt_difference_row *items = done ? diff_tree_rows(difference, &tree) : NULL;
    struct shown_rows shown = {.profile = request->before->profile,
                               .items = items,
                               .normalise = request->normalise,
                               .tree = &tree};
    tree.utf8 = vmpt_is_utf8();
    done = items && write_headlines(app, request) &&
           write_verdict(app, difference->significant, difference->compared, "nodes") &&
           (difference->tree.shown == 0 || write_tree_table(app, &shown)) &&
           write_rest(app, request);
    free(items);
    vmpt_tree_rows_fini(&tree);
    return done;
}
