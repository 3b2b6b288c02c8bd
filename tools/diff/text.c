/* text.c: what changed, for people. */
#include <inttypes.h>
#include <string.h>

#include "tools/common/function_columns.h"
#include "tools/common/terminal.h"
#include "tools/diff/output.h"

/* The rows of the table. */
struct shown {
    const struct vmpt_profile *profile; /* the one before: what normalised weights are of */
    const struct vmpt_difference_row *items;
    bool normalise;
};

static const struct vmpt_difference_row *row_at(const void *rows, size_t row)
{
    return &((const struct shown *)rows)->items[row];
}

/* A weight as the table has them: a share of the whole, or in the unit. */
static void add_weight(const struct shown *shown, uint64_t weight, struct vmpt_buffer *out)
{
    if (shown->normalise) {
        vmpt_profile_add_share(out, shown->profile, weight);
    } else {
        vmpt_format_weight(out, shown->profile, weight);
    }
}

static void add_change(const struct shown *shown, const struct vmpt_change *change,
                       struct vmpt_buffer *out)
{
    bool less = change->after < change->before;
    uint64_t size = less ? change->before - change->after : change->after - change->before;
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

#define ADDRESS_COLUMN 6
static const struct vmpt_column columns[] = {
    {.title = "TOTAL", .is_number = true, .text = total_before_text},
    {.title = "AFTER", .is_number = true, .text = total_after_text},
    {.title = "CHANGE  ", .is_number = true, .text = total_change_text, .style = total_style},
    {.title = "SELF", .is_number = true, .text = self_before_text},
    {.title = "AFTER", .is_number = true, .text = self_after_text},
    {.title = "CHANGE  ", .is_number = true, .text = self_change_text, .style = self_style},
    [ADDRESS_COLUMN] = {.title = "ADDR", .is_number = true, .text = address_text},
    {.title = "FUNCTION", .can_shrink = true, .text = name_text},
    {.title = "FILE:LINE", .can_shrink = true, .text = place_text, .style = faint_style},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static bool write_verdict(struct vmpt_app *app, const struct vmpt_difference *difference)
{
    struct vmpt_buffer out = {0};
    vmpt_buffer_printf(&out,
                       "%zu of %zu functions changed by more than the noise of sampling (*)\n",
                       difference->significant, difference->compared);
    if (!out.failed) {
        vmpt_output_write(&app->output, out.data, out.size);
    }
    bool done = !out.failed;
    vmpt_buffer_fini(&out);
    return done;
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
    struct vmpt_column shown_columns[COLUMN_COUNT];
    const struct shown rows = {.profile = request->before->profile,
                               .items = difference->rows,
                               .normalise = request->normalise};
    struct vmpt_table table = {.columns = shown_columns,
                               .column_count = COLUMN_COUNT,
                               .rows = &rows,
                               .row_count = vmpt_settings_limit(&app->settings, difference->count),
                               .noun = "functions"};
    table.left_out = difference->count - table.row_count;
    memcpy(shown_columns, columns, sizeof(columns));
    if (!app->settings.show_address) {
        shown_columns[ADDRESS_COLUMN].title = NULL;
    }
    return write_headlines(app, request) && write_verdict(app, difference) &&
           (table.row_count == 0 || vmpt_table_write_text(&table, &look, &app->output));
}
