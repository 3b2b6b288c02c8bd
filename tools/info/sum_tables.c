/* sum_tables.c: what each kind and each column takes, and what the checks say. */
#include "tools/info/cells.h"

static const struct info_sums *sums_of(const void *rows)
{
    return ((const struct info_rows *)rows)->sums;
}

/* ---- kinds --------------------------------------------------------------------------------------------- */

static const struct info_kind *kind_at(const void *rows, size_t row)
{
    return &sums_of(rows)->kinds[row];
}

static const char *kind_name(const struct info_kind *kind)
{
    switch (kind->type) {
    case VMPF_ITEM_SUPERBLOCK: return "superblock";
    case VMPF_ITEM_LOST: return "lost";
    case VMPF_ITEM_CHUNK: break;
    }
    return vmpf_chunk_kind_name(kind->kind);
}

INFO_STRING_VALUE(name, kind_name(kind_at(rows, row)))
INFO_NUMBER(count, kind_at(rows, row)->count)
INFO_NUMBER(entries, kind_at(rows, row)->entries)
INFO_NUMBER(stored, kind_at(rows, row)->stored_bytes)
INFO_NUMBER(raw, kind_at(rows, row)->raw_bytes)

static void kind_value(const void *rows, size_t row, struct vmpt_value *out)
{
    if (kind_at(rows, row)->type == VMPF_ITEM_CHUNK) {
        info_set_number(out, kind_at(rows, row)->kind);
    }
}

static void name_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    info_add_name(out, kind_name(kind_at(rows, row)), kind_at(rows, row)->kind);
}

static void share_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    info_add_share(out, kind_at(rows, row)->stored_bytes, sums_of(rows)->size_bytes);
}

static const struct vmpt_column kind_columns[] = {
    {.key = "kind", .value = kind_value},
    {.key = "name", .value = name_value, .title = "KIND", .text = name_text},
    {.key = "count", .value = count_value, .title = "COUNT", .text = count_text, .is_number = true},
    {.key = "entries",
     .value = entries_value,
     .title = "ENTRIES",
     .text = entries_text,
     .is_number = true},
    {.key = "stored_bytes",
     .value = stored_value,
     .title = "STORED",
     .text = stored_text,
     .is_number = true},
    {.title = "SHARE", .text = share_text, .is_number = true},
    {.key = "raw_bytes", .value = raw_value, .title = "RAW", .text = raw_text, .is_number = true},
};

struct vmpt_table info_kind_table(const struct info_rows *rows)
{
    return (struct vmpt_table){
        .columns = kind_columns,
        .column_count = sizeof(kind_columns) / sizeof(kind_columns[0]),
        .rows = rows,
        .row_count = rows->sums->kind_count,
        .noun = "kinds",
    };
}

/* ---- columns ------------------------------------------------------------------------------------------- */

static const struct info_column_sum *column_at(const void *rows, size_t row)
{
    return &sums_of(rows)->columns[row];
}

INFO_NUMBER_VALUE(column_kind, column_at(rows, row)->kind)
INFO_STRING_VALUE(column_kind_name, vmpf_chunk_kind_name(column_at(rows, row)->kind))
INFO_NUMBER_VALUE(column_id, column_at(rows, row)->id)
INFO_STRING_VALUE(column_name,
                  vmpf_column_name(column_at(rows, row)->kind, column_at(rows, row)->id))
INFO_NUMBER_VALUE(column_chunks, column_at(rows, row)->chunks)
INFO_STRING_VALUE(encodings, column_at(rows, row)->encoding_names)
INFO_STRING_VALUE(codecs, column_at(rows, row)->codec_names)
INFO_NUMBER(column_raw, column_at(rows, row)->raw_bytes)
INFO_NUMBER(column_stored, column_at(rows, row)->stored_bytes)

static void column_kind_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    uint16_t kind = column_at(rows, row)->kind;
    info_add_name(out, vmpf_chunk_kind_name(kind), kind);
}

static void column_name_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct info_column_sum *column = column_at(rows, row);
    info_add_name(out, vmpf_column_name(column->kind, column->id), column->id);
}

static void encodings_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_buffer_add_text(out, column_at(rows, row)->encoding_names);
}

static void codecs_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_buffer_add_text(out, column_at(rows, row)->codec_names);
}

static void column_share_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    info_add_share(out, column_at(rows, row)->stored_bytes, sums_of(rows)->size_bytes);
}

static void per_sample_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    info_add_ratio(out, column_at(rows, row)->stored_bytes, sums_of(rows)->samples);
}

static const struct vmpt_column column_columns[] = {
    {.key = "kind", .value = column_kind_value},
    {.key = "kind_name",
     .value = column_kind_name_value,
     .title = "KIND",
     .text = column_kind_text},
    {.key = "column", .value = column_id_value},
    {.key = "name", .value = column_name_value, .title = "COLUMN", .text = column_name_text},
    {.key = "chunks", .value = column_chunks_value},
    {.key = "encodings", .value = encodings_value, .title = "ENCODINGS", .text = encodings_text},
    {.key = "codecs", .value = codecs_value, .title = "CODECS", .text = codecs_text},
    {.key = "raw_bytes",
     .value = column_raw_value,
     .title = "RAW",
     .text = column_raw_text,
     .is_number = true},
    {.key = "stored_bytes",
     .value = column_stored_value,
     .title = "STORED",
     .text = column_stored_text,
     .is_number = true},
    {.title = "A SAMPLE", .text = per_sample_text, .is_number = true},
    {.title = "SHARE", .text = column_share_text, .is_number = true},
};

struct vmpt_table info_column_table(const struct info_rows *rows)
{
    return (struct vmpt_table){
        .columns = column_columns,
        .column_count = sizeof(column_columns) / sizeof(column_columns[0]),
        .rows = rows,
        .row_count = rows->sums->column_count,
        .noun = "columns",
    };
}

/* ---- checks -------------------------------------------------------------------------------------------- */

static const struct info_check *check_at(const void *rows, size_t row)
{
    return &((const struct info_rows *)rows)->checks->items[row];
}

static const char *result_of(const struct info_check *check)
{
    if (check->failed) {
        return "failed";
    }
    return check->checked ? "passed" : "nothing to check";
}

static const char *check_file(const void *rows, size_t row)
{
    return ((const struct info_rows *)rows)->report->files[check_at(rows, row)->file].name;
}

INFO_STRING_VALUE(file, check_file(rows, row))
INFO_STRING_VALUE(check, check_at(rows, row)->name)
INFO_STRING_VALUE(result, result_of(check_at(rows, row)))
INFO_NUMBER(checked, check_at(rows, row)->checked)
INFO_NUMBER(failed, check_at(rows, row)->failed)
INFO_STRING_VALUE(detail, check_at(rows, row)->failed ? check_at(rows, row)->detail : NULL)

static void file_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_buffer_add_visible(out, check_file(rows, row), strlen(check_file(rows, row)));
}

static void check_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_buffer_add_text(out, check_at(rows, row)->name);
}

static void result_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_buffer_add_text(out, result_of(check_at(rows, row)));
}

static enum vmpt_style result_style(const void *rows, size_t row)
{
    const struct info_check *check = check_at(rows, row);
    return check->failed ? VMPT_HOT : check->checked ? VMPT_PLAIN : VMPT_FAINT;
}

static void detail_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const char *detail = check_at(rows, row)->detail;
    vmpt_buffer_add_visible(out, detail, strlen(detail));
}

static const struct vmpt_column check_columns[] = {
    {.key = "file", .value = file_value, .title = "FILE", .text = file_text, .can_shrink = true},
    {.key = "check", .value = check_value, .title = "CHECK", .text = check_text},
    {.key = "result",
     .value = result_value,
     .title = "RESULT",
     .text = result_text,
     .style = result_style},
    {.key = "checked",
     .value = checked_value,
     .title = "CHECKED",
     .text = checked_text,
     .is_number = true},
    {.key = "failed",
     .value = failed_value,
     .title = "FAILED",
     .text = failed_text,
     .is_number = true},
    {.key = "detail", .value = detail_value, .title = "DETAIL", .text = detail_text},
};

struct vmpt_table info_check_table(const struct info_rows *rows)
{
    return (struct vmpt_table){
        .columns = check_columns,
        .column_count = sizeof(check_columns) / sizeof(check_columns[0]),
        .rows = rows,
        .row_count = rows->checks->count,
        .noun = "checks",
    };
}
