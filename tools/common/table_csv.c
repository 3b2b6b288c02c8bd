#include <inttypes.h>
#include <string.h>

#include "tools/common/table.h"

/* Quoted where RFC 4180 wants it; a quote in it is doubled. */
static void add_field(struct vmpt_buffer *out, const char *data, size_t size_bytes)
{
    bool quoted = false;
    for (size_t i = 0; i < size_bytes && !quoted; i++) {
        quoted = data[i] == '"' || data[i] == ',' || data[i] == '\n' || data[i] == '\r';
    }
    if (!quoted) {
        vmpt_buffer_add(out, data, size_bytes);
        return;
    }
    vmpt_buffer_add(out, "\"", 1);
    for (size_t i = 0; i < size_bytes; i++) {
        if (data[i] == '"') {
            vmpt_buffer_add(out, "\"", 1);
        }
        vmpt_buffer_add(out, &data[i], 1);
    }
    vmpt_buffer_add(out, "\"", 1);
}

static void add_string(struct vmpt_buffer *out, const struct vmpt_value *value, bool visible)
{
    struct vmpt_buffer shown = {0};
    if (!visible) {
        add_field(out, value->string, value->string_size);
        return;
    }
    vmpt_buffer_add_visible(&shown, value->string, value->string_size);
    if (shown.size) {
        add_field(out, shown.data, shown.size);
    }
    out->failed = out->failed || shown.failed;
    vmpt_buffer_fini(&shown);
}

static void add_value(struct vmpt_buffer *out, const struct vmpt_column *column,
                      const struct vmpt_value *value, bool visible)
{
    switch (value->type) {
    case VMPT_NOTHING:
        if (column->is_interval) {
            vmpt_buffer_add(out, ",", 1);
        }
        break;
    case VMPT_STRING: add_string(out, value, visible); break;
    case VMPT_INTEGER: vmpt_buffer_printf(out, "%" PRIu64, value->integer); break;
    case VMPT_SIGNED: vmpt_buffer_printf(out, "%" PRId64, (int64_t)value->integer); break;
    case VMPT_BOOLEAN: vmpt_buffer_add_text(out, value->integer ? "true" : "false"); break;
    case VMPT_ADDRESS: vmpt_buffer_printf(out, "0x%" PRIx64, value->integer); break;
    case VMPT_INTERVAL:
        vmpt_buffer_printf(out, "%" PRIu64 ",%" PRIu64, value->interval.low, value->interval.high);
        break;
    }
}

static void add_header(struct vmpt_buffer *out, const struct vmpt_table *table)
{
    const char *comma = "";
    for (size_t i = 0; i < table->column_count; i++) {
        const struct vmpt_column *column = &table->columns[i];
        if (!column->key) {
            continue;
        }
        if (column->is_interval) {
            vmpt_buffer_printf(out, "%s%s_lo,%s_hi", comma, column->key, column->key);
        } else {
            vmpt_buffer_printf(out, "%s%s", comma, column->key);
        }
        comma = ",";
    }
    vmpt_buffer_add_text(out, "\r\n");
}

static void add_row(struct vmpt_buffer *out, const struct vmpt_table *table, size_t row,
                    bool visible)
{
    bool is_first = true;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct vmpt_column *column = &table->columns[i];
        struct vmpt_value value;
        if (!column->key) {
            continue;
        }
        if (!is_first) {
            vmpt_buffer_add(out, ",", 1);
        }
        is_first = false;
        memset(&value, 0, sizeof(value));
        column->value(table->rows, row, &value);
        add_value(out, column, &value, visible);
    }
    vmpt_buffer_add_text(out, "\r\n");
}

bool vmpt_table_write_csv(const struct vmpt_table *table, bool visible, struct vmpt_output *output)
{
    struct vmpt_buffer out = {0};
    add_header(&out, table);
    for (size_t row = 0; row < table->row_count && !out.failed && !output->broken; row++) {
        vmpt_output_write(output, out.data, out.size);
        out.size = 0;
        add_row(&out, table, row, visible);
    }
    bool done = !out.failed;
    if (done) {
        vmpt_output_write(output, out.data, out.size);
    }
    vmpt_buffer_fini(&out);
    return done;
}
