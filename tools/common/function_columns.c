#include "tools/common/function_columns.h"

#include <inttypes.h>
#include <string.h>

#include "tools/common/terminal.h"

static const struct vmpt_function_row *row_at(const void *rows, size_t row)
{
    return &((const struct vmpt_function_rows *)rows)->items[row];
}

static const struct vmpt_profile *profile_of(const void *rows)
{
    return ((const struct vmpt_function_rows *)rows)->profile;
}

/* ---- for programs -------------------------------------------------------------------------------- */

void vmpt_function_name_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpt_function *function = &row_at(rows, row)->function;
    out->type = VMPT_STRING;
    out->string = function->name;
    out->string_size = function->name_size;
}

void vmpt_function_file_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpt_function *function = &row_at(rows, row)->function;
    out->type = VMPT_STRING;
    out->string = function->file;
    out->string_size = function->file_size;
}

void vmpt_function_line_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = row_at(rows, row)->function.first_line;
}

void vmpt_function_kind_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_STRING;
    out->string = vmpt_kind_name(row_at(rows, row)->function.kind);
    out->string_size = strlen(out->string);
}

void vmpt_function_address_value(const void *rows, size_t row, struct vmpt_value *out)
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

static void interval_value(const struct vmpt_function_rows *rows, uint64_t weight,
                           struct vmpt_value *out)
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

void vmpt_profile_add_share(struct vmpt_buffer *out, const struct vmpt_profile *profile,
                            uint64_t weight)
{
    vmpt_buffer_printf(out, "%.1f%%", 100 * vmpt_share(profile, weight));
}

void vmpt_profile_add_sure_share(struct vmpt_buffer *out, const struct vmpt_profile *profile,
                                 uint64_t weight)
{
    vmpt_profile_add_share(out, profile, weight);
    if (!vmpt_profile_has_intervals(profile)) {
        return;
    }
    struct vmpt_interval sure =
        vmpt_interval95(weight, profile->total.weight, profile->effective_samples);
    uint64_t below = weight - sure.low;
    uint64_t above = sure.high - weight;
    double reach = 100 * vmpt_share(profile, below > above ? below : above);
    vmpt_buffer_printf(out, vmpt_is_utf8() ? " \u00b1%.1f" : " +-%.1f", reach);
}

enum vmpt_style vmpt_profile_share_style(const struct vmpt_profile *profile, uint64_t weight)
{
    double share = vmpt_share(profile, weight);
    if (share >= 0.2) {
        return VMPT_HOT;
    }
    return share >= 0.05 ? VMPT_WARM : VMPT_PLAIN;
}

static void self_share_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_profile_add_sure_share(out, profile_of(rows), row_at(rows, row)->self.weight);
}

static void total_share_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_profile_add_sure_share(out, profile_of(rows), row_at(rows, row)->total.weight);
}

static enum vmpt_style self_style(const void *rows, size_t row)
{
    return vmpt_profile_share_style(profile_of(rows), row_at(rows, row)->self.weight);
}

static void self_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_format_weight(out, profile_of(rows), row_at(rows, row)->self.weight);
}

static void total_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_format_weight(out, profile_of(rows), row_at(rows, row)->total.weight);
}

void vmpt_function_add_address(struct vmpt_buffer *out, const struct vmpt_function *function)
{
    if (function->address) {
        vmpt_buffer_printf(out, "0x%" PRIx64, function->address);
    } else {
        vmpt_buffer_add_text(out, "-");
    }
}

void vmpt_function_add_name(struct vmpt_buffer *out, const struct vmpt_function *function)
{
    if (function->name_size) {
        vmpt_buffer_add_visible(out, function->name, function->name_size);
    } else {
        vmpt_buffer_add_text(out, "-");
    }
}

void vmpt_function_add_place(struct vmpt_buffer *out, const struct vmpt_function *function)
{
    vmpt_buffer_add_visible(out, function->file, function->file_size);
    if (function->first_line) {
        vmpt_buffer_printf(out, ":%" PRIu32, function->first_line);
    }
}

void vmpt_function_address_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_function_add_address(out, &row_at(rows, row)->function);
}

void vmpt_function_name_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_function_add_name(out, &row_at(rows, row)->function);
}

void vmpt_function_place_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_function_add_place(out, &row_at(rows, row)->function);
}

static enum vmpt_style faint_style(const void *rows, size_t row)
{
    (void)rows;
    (void)row;
    return VMPT_FAINT;
}

#define ADDRESS_COLUMN 4
const struct vmpt_column vmpt_function_columns[VMPT_FUNCTION_COLUMN_COUNT] = {
    {.title = "SELF%", .is_number = true, .text = self_share_text, .style = self_style},
    {.title = "SELF", .is_number = true, .text = self_text},
    {.title = "TOTAL%", .is_number = true, .text = total_share_text},
    {.title = "TOTAL", .is_number = true, .text = total_text},
    [ADDRESS_COLUMN] = {.title = "ADDR", .is_number = true, .text = vmpt_function_address_text},
    {.title = "FUNCTION", .can_shrink = true, .text = vmpt_function_name_text},
    {.title = "FILE:LINE",
     .can_shrink = true,
     .text = vmpt_function_place_text,
     .style = faint_style},
    {.key = "name", .value = vmpt_function_name_value},
    {.key = "file", .value = vmpt_function_file_value},
    {.key = "line", .value = vmpt_function_line_value},
    {.key = "kind", .value = vmpt_function_kind_value},
    {.key = "addr", .value = vmpt_function_address_value},
    {.key = "self", .value = self_value},
    {.key = "total", .value = total_value},
    {.key = "self_ci95", .is_interval = true, .value = self_interval_value},
    {.key = "total_ci95", .is_interval = true, .value = total_interval_value},
};

void vmpt_function_columns_shown(struct vmpt_column out[VMPT_FUNCTION_COLUMN_COUNT],
                                 bool show_address)
{
    memcpy(out, vmpt_function_columns, sizeof(vmpt_function_columns));
    if (!show_address) {
        out[ADDRESS_COLUMN].title = NULL;
    }
}

/* ---- of the profile ------------------------------------------------------------------------------ */

bool vmpt_profile_has_intervals(const struct vmpt_profile *profile)
{
    return vmpt_metric_is_sampled(&profile->metric) && profile->total.weight > 0;
}

const char *vmpt_profile_why_empty(const struct vmpt_profile *profile)
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
