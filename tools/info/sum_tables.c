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

INFO_TEXT(name, info_add_name(out, kind_name(kind_at(rows, row)), kind_at(rows, row)->kind))
INFO_TEXT(share, info_add_share(out, kind_at(rows, row)->stored_bytes, sums_of(rows)->size_bytes))
static const struct vmpt_column kind_columns[] = {
    INFO_KEY("kind", kind),
    INFO_WORDS("name", "KIND", name),
    INFO_NUMBERS("count", "COUNT", count),
    INFO_NUMBERS("entries", "ENTRIES", entries),
    INFO_NUMBERS("stored_bytes", "STORED", stored),
    {.title = "SHARE", .text = share_text, .is_number = true},
    INFO_NUMBERS("raw_bytes", "RAW", raw),
};

struct vmpt_table info_kind_table(const struct info_rows *rows)
{
    return INFO_TABLE(kind_columns, rows, rows->sums->kind_count, "kinds");
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

INFO_TEXT(column_kind, info_add_kind(out, column_at(rows, row)->kind))
INFO_TEXT(column_name, info_add_column(out, column_at(rows, row)->kind, column_at(rows, row)->id))
INFO_TEXT(encodings, vmpt_buffer_add_text(out, column_at(rows, row)->encoding_names))
INFO_TEXT(codecs, vmpt_buffer_add_text(out, column_at(rows, row)->codec_names))
INFO_TEXT(column_share,
          info_add_share(out, column_at(rows, row)->stored_bytes, sums_of(rows)->size_bytes))
INFO_TEXT(per_sample,
          info_add_ratio(out, column_at(rows, row)->stored_bytes, sums_of(rows)->samples))
static const struct vmpt_column column_columns[] = {
    INFO_KEY("kind", column_kind),
    {.key = "kind_name",
     .value = column_kind_name_value,
     .title = "KIND",
     .text = column_kind_text},
    INFO_KEY("column", column_id),
    INFO_WORDS("name", "COLUMN", column_name),
    INFO_KEY("chunks", column_chunks),
    INFO_WORDS("encodings", "ENCODINGS", encodings),
    INFO_WORDS("codecs", "CODECS", codecs),
    INFO_NUMBERS("raw_bytes", "RAW", column_raw),
    INFO_NUMBERS("stored_bytes", "STORED", column_stored),
    {.title = "A SAMPLE", .text = per_sample_text, .is_number = true},
    {.title = "SHARE", .text = column_share_text, .is_number = true},
};

struct vmpt_table info_column_table(const struct info_rows *rows)
{
    return INFO_TABLE(column_columns, rows, rows->sums->column_count, "columns");
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

INFO_TEXT(file, info_add_bytes(out, check_file(rows, row)))
INFO_TEXT(check, vmpt_buffer_add_text(out, check_at(rows, row)->name))
INFO_TEXT(result, vmpt_buffer_add_text(out, result_of(check_at(rows, row))))
static enum vmpt_style result_style(const void *rows, size_t row)
{
    const struct info_check *check = check_at(rows, row);
    return check->failed ? VMPT_HOT : check->checked ? VMPT_PLAIN : VMPT_FAINT;
}

INFO_TEXT(detail, info_add_bytes(out, check_at(rows, row)->detail))
static const struct vmpt_column check_columns[] = {
    {.key = "file", .value = file_value, .title = "FILE", .text = file_text, .can_shrink = true},
    INFO_WORDS("check", "CHECK", check),
    {.key = "result",
     .value = result_value,
     .title = "RESULT",
     .text = result_text,
     .style = result_style},
    INFO_NUMBERS("checked", "CHECKED", checked),
    INFO_NUMBERS("failed", "FAILED", failed),
    INFO_WORDS("detail", "DETAIL", detail),
};

struct vmpt_table info_check_table(const struct info_rows *rows)
{
    return INFO_TABLE(check_columns, rows, rows->checks->count, "checks");
}
