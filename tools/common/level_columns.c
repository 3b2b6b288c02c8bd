#include "tools/common/level_columns.h"

#include <string.h>

#include "tools/common/function_columns.h"

static const struct vmpt_function_row *row_at(const void *rows, size_t row)
{
    return &((const struct vmpt_function_rows *)rows)->items[row];
}

/* A function that never ran itself has no level of its own. */
static void add_level(const void *rows, const struct vmpt_cell *cell, uint64_t level,
                      struct vmpt_buffer *out)
{
    if (cell->samples) {
        vmpt_format_weight(out, ((const struct vmpt_function_rows *)rows)->profile, level);
    } else {
        vmpt_buffer_add_text(out, "-");
    }
}

static void set_level(const struct vmpt_cell *cell, uint64_t level, struct vmpt_value *out)
{
    if (cell->samples) {
        out->type = VMPT_INTEGER;
        out->integer = level;
    }
}

static void self_mean_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpt_cell *self = &row_at(rows, row)->self;
    add_level(rows, self, vmpt_mean(self), out);
}

static void self_max_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    add_level(rows, &row_at(rows, row)->self, row_at(rows, row)->self_peak, out);
}

static void total_mean_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpt_cell *total = &row_at(rows, row)->total;
    add_level(rows, total, vmpt_mean(total), out);
}

static void total_max_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    add_level(rows, &row_at(rows, row)->total, row_at(rows, row)->total_peak, out);
}

static void self_samples_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = row_at(rows, row)->self.samples;
}

static void self_mean_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpt_cell *self = &row_at(rows, row)->self;
    set_level(self, vmpt_mean(self), out);
}

static void self_max_value(const void *rows, size_t row, struct vmpt_value *out)
{
    set_level(&row_at(rows, row)->self, row_at(rows, row)->self_peak, out);
}

static void total_samples_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_INTEGER;
    out->integer = row_at(rows, row)->total.samples;
}

static void total_mean_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpt_cell *total = &row_at(rows, row)->total;
    set_level(total, vmpt_mean(total), out);
}

static void total_max_value(const void *rows, size_t row, struct vmpt_value *out)
{
    set_level(&row_at(rows, row)->total, row_at(rows, row)->total_peak, out);
}

#define ADDRESS_COLUMN 4
const struct vmpt_column vmpt_level_columns[VMPT_LEVEL_COLUMN_COUNT] = {
    {.title = "SELF MEAN", .is_number = true, .text = self_mean_text},
    {.title = "SELF MAX", .is_number = true, .text = self_max_text},
    {.title = "TOTAL MEAN", .is_number = true, .text = total_mean_text},
    {.title = "TOTAL MAX", .is_number = true, .text = total_max_text},
    [ADDRESS_COLUMN] = {.title = "ADDR", .is_number = true, .text = vmpt_function_address_text},
    {.title = "FUNCTION", .can_shrink = true, .text = vmpt_function_name_text},
    {.title = "FILE:LINE", .can_shrink = true, .text = vmpt_function_place_text},
    {.key = "name", .value = vmpt_function_name_value},
    {.key = "file", .value = vmpt_function_file_value},
    {.key = "line", .value = vmpt_function_line_value},
    {.key = "kind", .value = vmpt_function_kind_value},
    {.key = "addr", .value = vmpt_function_address_value},
    {.key = "self_samples", .value = self_samples_value},
    {.key = "self_mean", .value = self_mean_value},
    {.key = "self_max", .value = self_max_value},
    {.key = "total_samples", .value = total_samples_value},
    {.key = "total_mean", .value = total_mean_value},
    {.key = "total_max", .value = total_max_value},
};

void vmpt_level_columns_shown(struct vmpt_column out[VMPT_LEVEL_COLUMN_COUNT], bool show_address)
{
    memcpy(out, vmpt_level_columns, sizeof(vmpt_level_columns));
    if (!show_address) {
        out[ADDRESS_COLUMN].title = NULL;
    }
}
