#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/utf8.h"
#include "tools/common/table.h"

json_t *vmpt_json_string(const char *data, size_t size_bytes)
{
    size_t size = vmpt_utf8_repair(data, size_bytes, NULL);
    if (size == size_bytes) {
        return json_stringn_nocheck(data, size);
    }
    char *repaired = malloc(size ? size : 1);
    if (!repaired) {
        return NULL;
    }
    (void)vmpt_utf8_repair(data, size_bytes, repaired);
    json_t *string = json_stringn_nocheck(repaired, size);
    free(repaired);
    return string;
}

/* JSON readers, and jansson, count with 64 signed bits at most. */
json_t *vmpt_json_integer(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *json_address(uint64_t address)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "0x%" PRIx64, address);
    return json_string(text);
}

static json_t *json_interval(const struct vmpt_interval *interval)
{
    json_t *pair = json_array();
    /* json_array_append_new() refuses NULL and frees nothing but what it was given. */
    if (json_array_append_new(pair, vmpt_json_integer(interval->low)) != 0 ||
        json_array_append_new(pair, vmpt_json_integer(interval->high)) != 0) {
        json_decref(pair);
        return NULL;
    }
    return pair;
}

static json_t *json_value(const struct vmpt_value *value)
{
    switch (value->type) {
    case VMPT_STRING: return vmpt_json_string(value->string, value->string_size);
    case VMPT_INTEGER: return vmpt_json_integer(value->integer);
    case VMPT_SIGNED: return json_integer((json_int_t)value->integer);
    case VMPT_BOOLEAN: return json_boolean(value->integer != 0);
    case VMPT_ADDRESS: return json_address(value->integer);
    case VMPT_INTERVAL: return json_interval(&value->interval);
    case VMPT_NOTHING: break;
    }
    return json_null();
}

static json_t *json_row(const struct vmpt_table *table, size_t row)
{
    json_t *object = json_object();
    for (size_t i = 0; i < table->column_count; i++) {
        const struct vmpt_column *column = &table->columns[i];
        struct vmpt_value value;
        if (!column->key) {
            continue;
        }
        memset(&value, 0, sizeof(value));
        column->value(table->rows, row, &value);
        if (json_object_set_new(object, column->key, json_value(&value)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

json_t *vmpt_table_json(const struct vmpt_table *table)
{
    json_t *array = json_array();
    for (size_t row = 0; row < table->row_count; row++) {
        if (json_array_append_new(array, json_row(table, row)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int write_piece(const char *piece, size_t size, void *ctx)
{
    struct vmpt_output *output = ctx;
    vmpt_output_write(output, piece, size);
    return output->broken ? -1 : 0;
}

bool vmpt_json_write(json_t *document, struct vmpt_output *output)
{
    if (!document) {
        return false;
    }
    int result = json_dump_callback(document, write_piece, output, JSON_INDENT(2));
    json_decref(document);
    vmpt_output_write(output, "\n", 1);
    return result == 0 || output->broken;
}
