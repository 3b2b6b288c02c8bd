#include "libvmprof_fmt/src/inspect/content.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/chunk.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <vmprof/vmpf_journal.h>

#define MAX_ENTRIES 1048576u   /* [F-4-6] */
#define MAX_META_ENTRIES 4096u /* [F-5.1-1] */
#define CODEC_STORED 0u
#define CODEC_ZLIB_TAIL 2u

/* The last kind whose payload the spec describes; all from STRINGS on that are not listed here are column sets. */
#define LAST_KIND 15u

static uint64_t payload_offset(const struct vmpf_item *item)
{
    return item->offset + VMPFI_CHUNK_HEADER_BYTES;
}

/* ---- column sets ----------------------------------------------------------------------------------- */

static bool read_head(struct vmpfi_cursor *cursor, struct vmpf_columns_info *out,
                      uint32_t *column_count)
{
    return vmpfi_read_u64(cursor, &out->first) && vmpfi_read_u32(cursor, &out->count) &&
           vmpfi_read_u32(cursor, column_count) && vmpfi_read_u64(cursor, &out->journal_position) &&
           vmpfi_read_u64(cursor, &out->lost_samples);
}

static bool read_column(struct vmpfi_cursor *directory, struct vmpf_column_info *out)
{
    if (!vmpfi_read_u16(directory, &out->id) || !vmpfi_read_u8(directory, &out->encoding) ||
        !vmpfi_read_u8(directory, &out->codec) || !vmpfi_read_u32(directory, &out->raw_bytes) ||
        !vmpfi_read_u32(directory, &out->stored_bytes) ||
        !vmpfi_read_u32(directory, &out->tail_bytes)) {
        return false;
    }
    if (out->codec != CODEC_ZLIB_TAIL) {
        out->tail_bytes = 0; /* ignored there */
    }
    return true;
}

static bool occurs_before(const struct vmpf_column_info *columns, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (columns[i].id == columns[at].id) {
            return true;
        }
    }
    return false;
}

/* What can be wrong with one column without a look at its bytes. */
static void check_column(struct vmpf_item *item, const struct vmpf_column_info *columns, size_t at)
{
    const struct vmpf_column_info *column = &columns[at];
    unsigned id = column->id;
    uint64_t offset = payload_offset(item);
    if (occurs_before(columns, at)) {
        vmpfi_fail(&item->problem, VMPF_E_CORRUPT, offset, "F-4-2", "column %u occurs twice", id);
    }
    if (column->raw_bytes > VMPFI_MAX_PAYLOAD_BYTES) {
        vmpfi_fail(&item->problem, VMPF_E_LIMIT, offset, "F-4-6",
                   "column %u has %u bytes, more than 64 MiB", id, (unsigned)column->raw_bytes);
    }
    bool resized = column->codec == CODEC_STORED && column->raw_bytes != column->stored_bytes;
    bool overlong =
        column->tail_bytes > column->raw_bytes || column->tail_bytes > column->stored_bytes;
    if (resized || overlong) {
        vmpfi_fail(&item->problem, VMPF_E_CORRUPT, offset, "F-4-3",
                   "the sizes of column %u contradict each other", id);
    }
}

static void inspect_columns(struct vmpf_item *item, struct vmpf_column_info *columns,
                            struct vmpfi_cursor cursor)
{
    struct vmpf_columns_info *out = &item->chunk.columns;
    uint64_t offset = payload_offset(item);
    uint32_t column_count = 0;
    if (!read_head(&cursor, out, &column_count)) {
        vmpfi_fail(&item->problem, VMPF_E_CORRUPT, offset, "F-4-1",
                   "the chunk is too short for its columns");
        return;
    }
    if (column_count > VMPF_MAX_COLUMNS || out->count > MAX_ENTRIES) {
        vmpfi_fail(&item->problem, VMPF_E_LIMIT, offset,
                   column_count > VMPF_MAX_COLUMNS ? "F-4-1" : "F-4-6",
                   "%u entries in %u columns are too many", (unsigned)out->count,
                   (unsigned)column_count);
        return;
    }
    uint64_t stored_bytes = 0;
    out->columns = columns;
    for (uint32_t i = 0; i < column_count && read_column(&cursor, &columns[i]); i++) {
        stored_bytes += columns[i].stored_bytes;
        out->column_count = i + 1;
        check_column(item, columns, i);
    }
    item->chunk.content = VMPF_CONTENT_COLUMNS;
    if (out->column_count != column_count || stored_bytes != vmpfi_cursor_left(&cursor)) {
        vmpfi_fail(&item->problem, VMPF_E_CORRUPT, offset, "F-4-1",
                   "the sizes of the columns do not add up to the payload's");
    }
}

/* ---- META, JOURNAL, END ------------------------------------------------------------------------------ */

static void inspect_meta(struct vmpf_item *item, struct vmpfi_cursor cursor)
{
    if (!vmpfi_read_u32(&cursor, &item->chunk.meta_entries) ||
        item->chunk.meta_entries > MAX_META_ENTRIES) {
        vmpfi_fail(&item->problem, VMPF_E_CORRUPT, payload_offset(item), "F-5.1-1",
                   "the metadata has no sound count");
        return;
    }
    item->chunk.content = VMPF_CONTENT_META;
}

static void inspect_journal(struct vmpf_item *item, const uint8_t *payload, size_t size_bytes)
{
    struct vmpf_journal_info *out = &item->chunk.journal;
    uint64_t offset = payload_offset(item);
    if (size_bytes < VMPFI_JOURNAL_HEADER_BYTES ||
        !vmpfi_crc32_matches(vmpfi_load_u32(payload + 24), payload, 24)) {
        vmpfi_fail(&item->problem, VMPF_E_CORRUPT, offset, "F-7.1-1",
                   "the journal's header is damaged");
        return;
    }
    if (vmpfi_load_u32(payload) != VMPF_JOURNAL_LAYOUT) {
        return; /* sound, and of a later version */
    }
    out->capacity_bytes = vmpfi_load_u64(payload + 8);
    out->head = vmpfi_load_u64(payload + 64);
    out->lost_samples = vmpfi_load_u64(payload + 72);
    out->tail = vmpfi_load_u64(payload + 128);
    if (vmpfi_load_u32(payload + 4) != VMPFI_JOURNAL_HEADER_BYTES ||
        vmpfi_load_u64(payload + 16) != item->chunk.session_id ||
        out->capacity_bytes + VMPFI_JOURNAL_HEADER_BYTES != item->chunk.payload_bytes) {
        vmpfi_fail(&item->problem, VMPF_E_CORRUPT, offset, "F-7.1-1",
                   "the journal's header is not that of its chunk");
        return;
    }
    item->chunk.content = VMPF_CONTENT_JOURNAL;
    if (out->head % 8 != 0 || out->tail % 8 != 0 || out->tail > out->head ||
        out->head - out->tail > out->capacity_bytes) {
        vmpfi_fail(&item->problem, VMPF_E_CORRUPT, offset + 64, "F-7.1-2",
                   "the journal's positions are damaged");
    }
}

static void inspect_end(struct vmpf_item *item, struct vmpfi_cursor cursor)
{
    struct vmpf_end_info *out = &item->chunk.end;
    uint32_t value_count = 0;
    uint32_t reserved;
    bool sound = vmpfi_read_u64(&cursor, &out->samples) &&
                 vmpfi_read_u64(&cursor, &out->lost_samples) &&
                 vmpfi_read_u64(&cursor, &out->end_ns) && vmpfi_read_u32(&cursor, &value_count) &&
                 vmpfi_read_u32(&cursor, &reserved) && value_count <= VMPF_MAX_VALUES;
    for (size_t k = 0; sound && k < value_count; k++) {
        sound = vmpfi_read_u64(&cursor, &out->sums[k]);
    }
    out->value_count = sound ? value_count : 0;
    if (sound && vmpfi_cursor_left(&cursor) > 0) {
        out->has_offsets = vmpfi_read_u64(&cursor, &out->end_offset) &&
                           vmpfi_read_u64(&cursor, &out->index_offset);
        sound = out->has_offsets && vmpfi_cursor_left(&cursor) == 0;
    }
    if (!sound) {
        vmpfi_fail(&item->problem, VMPF_E_CORRUPT, payload_offset(item), "F-6-2",
                   "the end of the session has a wrong size");
        return;
    }
    item->chunk.content = VMPF_CONTENT_END;
}

static void inspect(struct vmpf_item *item, struct vmpf_column_info *columns,
                    const uint8_t *payload, size_t size_bytes)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(payload, size_bytes);
    switch (item->chunk.kind) {
    case VMPFI_META: inspect_meta(item, cursor); return;
    case VMPFI_JOURNAL: inspect_journal(item, payload, size_bytes); return;
    case VMPFI_END: inspect_end(item, cursor); return;
    case VMPFI_PAD:
    case 0: return;
    default: break;
    }
    if (item->chunk.kind <= LAST_KIND) {
        inspect_columns(item, columns, cursor);
    } else if (item->chunk.critical) {
        vmpfi_fail(&item->problem, VMPF_E_UNSUPPORTED, item->offset, "F-3-4",
                   "chunks of kind %u are not known here", (unsigned)item->chunk.kind);
    }
}

bool vmpfi_content_inspect(struct vmpf_item *item, struct vmpf_column_info *columns,
                           const uint8_t *payload, size_t size_bytes)
{
    struct vmpf_error before = item->problem;
    item->problem.status = VMPF_OK;
    inspect(item, columns, payload, size_bytes);
    bool sound = item->problem.status == VMPF_OK;
    if (sound) {
        item->problem = before;
    }
    /* The rows of a journal whose positions are damaged are searched for [F-7.1-2]. */
    return sound || item->chunk.content == VMPF_CONTENT_JOURNAL;
}
