/* block_table.c: the blocks of the files in their order, and the columns of each. */
#include "tools/common/duration.h"
#include "tools/info/cells.h"

static const struct info_report *report_of(const void *rows)
{
    return ((const struct info_rows *)rows)->report;
}

static const struct info_block *at(const void *rows, size_t row)
{
    return &report_of(rows)->blocks[row];
}

static const char *file_name(const void *rows, const struct info_block *block)
{
    return report_of(rows)->files[block->file].name;
}

static const struct vmpf_item *item_at(const void *rows, size_t row)
{
    return &at(rows, row)->item;
}

static const struct vmpf_chunk_info *chunk_at(const void *rows, size_t row)
{
    return &item_at(rows, row)->chunk;
}

static bool is_chunk(const void *rows, size_t row)
{
    return item_at(rows, row)->type == VMPF_ITEM_CHUNK;
}

static bool has_columns(const void *rows, size_t row)
{
    return chunk_at(rows, row)->content == VMPF_CONTENT_COLUMNS;
}

/* ---- what any block has -------------------------------------------------------------------------------- */

static const char *type_name(vmpf_item_type type)
{
    return type == VMPF_ITEM_SUPERBLOCK ? "superblock" : type == VMPF_ITEM_CHUNK ? "chunk" : "lost";
}

static const char *checksum_name(vmpf_check check)
{
    return check == VMPF_CHECK_RIGHT ? "right" : check == VMPF_CHECK_WRONG ? "wrong" : "none";
}

static vmpf_check checksum_of(const struct vmpf_item *item)
{
    return item->type == VMPF_ITEM_SUPERBLOCK ? item->superblock.checksum
                                              : item->chunk.payload_checksum;
}

static const char *problem_of(const struct vmpf_item *item)
{
    return item->problem.status == VMPF_OK ? NULL : item->problem.message;
}

static const char *rule_of(const struct vmpf_item *item)
{
    return item->problem.status == VMPF_OK ? NULL : item->problem.rule;
}

INFO_STRING_VALUE(file, file_name(rows, at(rows, row)))
INFO_NUMBER_VALUE(session, at(rows, row)->session -
                               report_of(rows)->files[at(rows, row)->file].first_session)
INFO_NUMBER(offset, item_at(rows, row)->offset)
INFO_NUMBER(size, item_at(rows, row)->size_bytes)
INFO_NUMBER(raw, info_block_raw_bytes(report_of(rows), at(rows, row)))
INFO_STRING_VALUE(type, type_name(item_at(rows, row)->type))
INFO_STRING_VALUE(checksum, checksum_name(checksum_of(item_at(rows, row))))
INFO_STRING_VALUE(problem, problem_of(item_at(rows, row)))
INFO_STRING_VALUE(rule, rule_of(item_at(rows, row)))

INFO_TEXT(file, info_add_bytes(out, file_name(rows, at(rows, row))))
INFO_TEXT(checksum, vmpt_buffer_add_text(out, checksum_name(checksum_of(item_at(rows, row)))))
static void name_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    if (is_chunk(rows, row)) {
        info_add_kind(out, chunk_at(rows, row)->kind);
    } else {
        vmpt_buffer_add_text(out, type_name(item_at(rows, row)->type));
    }
}

static void note_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const char *problem = problem_of(item_at(rows, row));
    if (chunk_at(rows, row)->order == VMPF_ORDER_COPY) {
        vmpt_buffer_add_text(out, "a copy, not used");
    } else if (problem) {
        vmpt_buffer_add_text(out, problem);
    }
}

/* ---- what chunks have ---------------------------------------------------------------------------------- */

static const char *order_name(vmpf_order order)
{
    static const char *const names[] = {"unnumbered", "next", "copy", "gap", "unused"};
    return names[order];
}

static bool is_numbered(const void *rows, size_t row)
{
    return is_chunk(rows, row) && chunk_at(rows, row)->sequence != UINT32_MAX;
}

/* A number that only some blocks have: empty for the others, "-" in text. */
#define OPTIONAL_NUMBER_VALUE(name, condition, expression)                                         \
    static void name##_value(const void *rows, size_t row, struct vmpt_value *out)                 \
    {                                                                                              \
        if (condition(rows, row)) {                                                                \
            info_set_number(out, (expression));                                                    \
        }                                                                                          \
    }
#define OPTIONAL_NUMBER(name, condition, expression)                                               \
    OPTIONAL_NUMBER_VALUE(name, condition, expression)                                             \
    static void name##_text(const void *rows, size_t row, struct vmpt_buffer *out)                 \
    {                                                                                              \
        if (condition(rows, row)) {                                                                \
            info_add_number(out, (expression));                                                    \
        } else {                                                                                   \
            vmpt_buffer_add_text(out, "-");                                                        \
        }                                                                                          \
    }

OPTIONAL_NUMBER_VALUE(kind, is_chunk, chunk_at(rows, row)->kind)
OPTIONAL_NUMBER_VALUE(flags, is_chunk, chunk_at(rows, row)->flags)
OPTIONAL_NUMBER(sequence, is_numbered, chunk_at(rows, row)->sequence)
OPTIONAL_NUMBER(epoch, is_chunk, chunk_at(rows, row)->epoch)
OPTIONAL_NUMBER_VALUE(payload, is_chunk, chunk_at(rows, row)->payload_bytes)
OPTIONAL_NUMBER_VALUE(begin, is_chunk, chunk_at(rows, row)->begin_ns)
OPTIONAL_NUMBER_VALUE(end, is_chunk, chunk_at(rows, row)->end_ns)
OPTIONAL_NUMBER(first, has_columns, chunk_at(rows, row)->columns.first)
OPTIONAL_NUMBER(entries, has_columns, chunk_at(rows, row)->columns.count)

static void kind_name_value(const void *rows, size_t row, struct vmpt_value *out)
{
    if (is_chunk(rows, row)) {
        info_set_text(out, vmpf_chunk_kind_name(chunk_at(rows, row)->kind));
    }
}

static void critical_value(const void *rows, size_t row, struct vmpt_value *out)
{
    if (is_chunk(rows, row)) {
        info_set_boolean(out, chunk_at(rows, row)->critical);
    }
}

static void order_value(const void *rows, size_t row, struct vmpt_value *out)
{
    if (is_chunk(rows, row)) {
        info_set_text(out, order_name(chunk_at(rows, row)->order));
    }
}

static void span_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpf_chunk_info *chunk = chunk_at(rows, row);
    char begin[32];
    char end[32];
    if (chunk->end_ns == 0) {
        vmpt_buffer_add_text(out, "-");
        return;
    }
    vmpt_format_duration(chunk->begin_ns, begin, sizeof(begin));
    vmpt_format_duration(chunk->end_ns, end, sizeof(end));
    vmpt_buffer_printf(out, "%s to %s", begin, end);
}

static const struct vmpt_column columns[] = {
    {.key = "file", .value = file_value, .title = "FILE", .text = file_text, .can_shrink = true},
    INFO_KEY("session", session),
    INFO_NUMBERS("offset", "OFFSET", offset),
    INFO_NUMBERS("size_bytes", "SIZE", size),
    {.key = "type", .value = type_value, .title = "KIND", .text = name_text},
    INFO_KEY("kind", kind),
    INFO_KEY("name", kind_name),
    INFO_KEY("flags", flags),
    INFO_KEY("critical", critical),
    INFO_NUMBERS("sequence", "SEQ", sequence),
    INFO_NUMBERS("epoch", "EPOCH", epoch),
    INFO_KEY("payload_bytes", payload),
    INFO_NUMBERS("first", "FIRST", first),
    INFO_NUMBERS("entries", "ENTRIES", entries),
    INFO_NUMBERS("raw_bytes", "RAW", raw),
    {.key = "begin_ns", .value = begin_value, .title = "TIME", .text = span_text},
    INFO_KEY("end_ns", end),
    INFO_WORDS("checksum", "CHECKSUM", checksum),
    INFO_KEY("order", order),
    {.key = "problem", .value = problem_value, .title = "NOTE", .text = note_text},
    INFO_KEY("rule", rule),
};

struct vmpt_table info_block_table(const struct info_rows *rows)
{
    return INFO_TABLE(columns, rows, rows->report->block_count, "blocks");
}

/* ---- their columns ------------------------------------------------------------------------------------- */

static const struct vmpf_column_info *column_at(const void *rows, size_t row)
{
    return &report_of(rows)->columns[row].info;
}

static const struct info_block *block_of(const void *rows, size_t row)
{
    return &report_of(rows)->blocks[report_of(rows)->columns[row].block];
}

static uint16_t kind_of(const void *rows, size_t row)
{
    return block_of(rows, row)->item.chunk.kind;
}

INFO_STRING_VALUE(column_file, file_name(rows, block_of(rows, row)))
INFO_NUMBER(column_offset, block_of(rows, row)->item.offset)
INFO_NUMBER_VALUE(column_kind, kind_of(rows, row))
INFO_STRING_VALUE(column_kind_name, vmpf_chunk_kind_name(kind_of(rows, row)))
INFO_NUMBER_VALUE(column_id, column_at(rows, row)->id)
INFO_STRING_VALUE(column_name, vmpf_column_name(kind_of(rows, row), column_at(rows, row)->id))
INFO_NUMBER_VALUE(encoding, column_at(rows, row)->encoding)
INFO_STRING_VALUE(encoding_name, vmpf_encoding_name(column_at(rows, row)->encoding))
INFO_NUMBER_VALUE(codec, column_at(rows, row)->codec)
INFO_STRING_VALUE(codec_name, vmpf_codec_name(column_at(rows, row)->codec))
INFO_NUMBER(column_raw, column_at(rows, row)->raw_bytes)
INFO_NUMBER(column_stored, column_at(rows, row)->stored_bytes)
INFO_NUMBER(column_tail, column_at(rows, row)->tail_bytes)

INFO_TEXT(column_kind, info_add_kind(out, kind_of(rows, row)))
INFO_TEXT(column_name, info_add_column(out, kind_of(rows, row), column_at(rows, row)->id))
INFO_TEXT(encoding, info_add_name(out, vmpf_encoding_name(column_at(rows, row)->encoding),
                                  column_at(rows, row)->encoding))
INFO_TEXT(codec, info_add_name(out, vmpf_codec_name(column_at(rows, row)->codec),
                               column_at(rows, row)->codec))
INFO_TEXT(column_file, info_add_bytes(out, file_name(rows, block_of(rows, row))))
static const struct vmpt_column column_columns[] = {
    {.key = "file",
     .value = column_file_value,
     .title = "FILE",
     .text = column_file_text,
     .can_shrink = true},
    INFO_NUMBERS("offset", "OFFSET", column_offset),
    INFO_KEY("kind", column_kind),
    {.key = "kind_name",
     .value = column_kind_name_value,
     .title = "KIND",
     .text = column_kind_text},
    INFO_KEY("column", column_id),
    INFO_WORDS("name", "COLUMN", column_name),
    INFO_KEY("encoding", encoding),
    {.key = "encoding_name",
     .value = encoding_name_value,
     .title = "ENCODING",
     .text = encoding_text},
    INFO_KEY("codec", codec),
    {.key = "codec_name", .value = codec_name_value, .title = "CODEC", .text = codec_text},
    INFO_NUMBERS("raw_bytes", "RAW", column_raw),
    INFO_NUMBERS("tail_bytes", "TAIL", column_tail),
    INFO_NUMBERS("stored_bytes", "STORED", column_stored),
};

struct vmpt_table info_block_column_table(const struct info_rows *rows)
{
    return INFO_TABLE(column_columns, rows, rows->report->column_count, "columns");
}
