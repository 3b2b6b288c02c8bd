#include "libvmprof_fmt/src/blocks/columnset.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <string.h>

/* Encodes one column to the end of out; its directory entry goes to entry_at (an offset: out may move). */
static vmpf_status encode_column(struct vmpfi_buffer *out, struct vmpfi_buffer *scratch,
                                 size_t entry_at, const struct vmpfi_column_in *column,
                                 size_t count)
{
    const uint8_t *raw = column->bytes;
    size_t raw_bytes = column->size_bytes;
    enum vmpfi_encoding encoding = VMPFI_ENCODING_BYTES;
    if (column->values != NULL) {
        scratch->size_bytes = 0;
        if (!vmpfi_column_encode(scratch, column->values, count, &encoding)) {
            return VMPF_E_NOMEM;
        }
        raw = scratch->data;
        raw_bytes = scratch->size_bytes;
    }
    if (raw_bytes > VMPFI_MAX_RAW_BYTES) {
        return VMPF_E_LIMIT;
    }
    size_t before = out->size_bytes;
    enum vmpfi_codec codec;
    VMPF_TRY(vmpfi_deflate(out, raw, raw_bytes, &codec));
    uint8_t *entry = out->data + entry_at;
    vmpfi_store_u16(entry, column->id);
    entry[2] = (uint8_t)encoding;
    entry[3] = (uint8_t)codec;
    vmpfi_store_u32(entry + 4, (uint32_t)raw_bytes);
    vmpfi_store_u32(entry + 8, (uint32_t)(out->size_bytes - before));
    return VMPF_OK;
}

vmpf_status vmpfi_columnset_encode(struct vmpfi_buffer *out, struct vmpfi_buffer *scratch,
                                   const struct vmpfi_columnset_head *head,
                                   const struct vmpfi_column_in *columns, size_t column_count)
{
    size_t start = out->size_bytes;
    if (!vmpfi_buffer_append(out, NULL,
                             VMPFI_COLUMNSET_BYTES + column_count * VMPFI_DIRECTORY_ENTRY_BYTES)) {
        return VMPF_E_NOMEM;
    }
    uint8_t *fixed = out->data + start;
    vmpfi_store_u64(fixed, head->first);
    vmpfi_store_u32(fixed + 8, head->count);
    vmpfi_store_u32(fixed + 12, (uint32_t)column_count);
    vmpfi_store_u64(fixed + 16, head->journal_position);
    vmpfi_store_u64(fixed + 24, head->lost_samples);
    for (size_t i = 0; i < column_count; i++) {
        size_t entry_at = start + VMPFI_COLUMNSET_BYTES + i * VMPFI_DIRECTORY_ENTRY_BYTES;
        VMPF_TRY(encode_column(out, scratch, entry_at, &columns[i], head->count));
    }
    return VMPF_OK;
}

static bool is_known(uint16_t id, const uint16_t *known)
{
    while (*known != 0 && *known != id) {
        known++;
    }
    return *known != 0;
}

static const struct vmpfi_column_entry *find_column(const struct vmpfi_columnset *set, uint16_t id)
{
    for (size_t i = 0; i < set->column_count; i++) {
        if (set->columns[i].id == id) {
            return &set->columns[i];
        }
    }
    return NULL;
}

/* [F-4-2], [F-4-3], [F-4-4], [F-4-6] for one directory entry. */
static vmpf_status check_entry(const struct vmpfi_columnset *set,
                               const struct vmpfi_column_entry *entry, const uint16_t *known,
                               struct vmpf_error *err)
{
    unsigned id = entry->id;
    uint64_t offset = set->payload_offset;
    if (find_column(set, entry->id) != NULL) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-4-2", "column %u occurs twice", id);
    }
    if (!is_known(entry->id, known)) {
        if ((entry->id & VMPFI_COLUMN_ANCILLARY) != 0) {
            return VMPF_OK;
        }
        return vmpfi_fail(err, VMPF_E_UNSUPPORTED, offset, "F-4-2", "column %u is not known here",
                          id);
    }
    if (entry->codec > VMPFI_CODEC_ZLIB) {
        return vmpfi_fail(err, VMPF_E_UNSUPPORTED, offset, "F-4-3",
                          "codec %u of column %u is not known here", (unsigned)entry->codec, id);
    }
    if (entry->encoding > VMPFI_ENCODING_DELTA_RUNS) {
        return vmpfi_fail(err, VMPF_E_UNSUPPORTED, offset, "F-4-4",
                          "encoding %u of column %u is not known here", (unsigned)entry->encoding,
                          id);
    }
    if (entry->raw_bytes > VMPFI_MAX_RAW_BYTES) {
        return vmpfi_fail(err, VMPF_E_LIMIT, offset, "F-4-6",
                          "column %u has %u bytes, more than 64 MiB", id,
                          (unsigned)entry->raw_bytes);
    }
    if (entry->codec == VMPFI_CODEC_STORED && entry->raw_bytes != entry->stored_bytes) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-4-3",
                          "column %u is stored as is, in another size than its own", id);
    }
    return VMPF_OK;
}

static bool read_entry(struct vmpfi_cursor *directory, struct vmpfi_column_entry *entry)
{
    uint32_t reserved;
    return vmpfi_read_u16(directory, &entry->id) && vmpfi_read_u8(directory, &entry->encoding) &&
           vmpfi_read_u8(directory, &entry->codec) &&
           vmpfi_read_u32(directory, &entry->raw_bytes) &&
           vmpfi_read_u32(directory, &entry->stored_bytes) && vmpfi_read_u32(directory, &reserved);
}

vmpf_status vmpfi_columnset_decode(struct vmpfi_columnset *set, const uint8_t *payload,
                                   size_t size_bytes, const uint16_t *known,
                                   uint64_t payload_offset, struct vmpf_error *err)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(payload, size_bytes);
    struct vmpfi_columnset_head *head = &set->head;
    uint32_t column_count;
    set->column_count = 0;
    set->payload_offset = payload_offset;
    if (!vmpfi_read_u64(&cursor, &head->first) || !vmpfi_read_u32(&cursor, &head->count) ||
        !vmpfi_read_u32(&cursor, &column_count) ||
        !vmpfi_read_u64(&cursor, &head->journal_position) ||
        !vmpfi_read_u64(&cursor, &head->lost_samples)) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload_offset, "F-4-1",
                          "a chunk is too short for its columns");
    }
    if (head->count > VMPFI_MAX_ENTRIES || column_count > VMPFI_MAX_COLUMNS) {
        return vmpfi_fail(err, VMPF_E_LIMIT, payload_offset, "F-4-6",
                          "%u entries in %u columns are too many", (unsigned)head->count,
                          (unsigned)column_count);
    }
    struct vmpfi_cursor directory = cursor;
    if (!vmpfi_skip(&cursor, (size_t)column_count * VMPFI_DIRECTORY_ENTRY_BYTES)) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload_offset, "F-4-1",
                          "a chunk is too short for its directory");
    }
    for (uint32_t i = 0; i < column_count; i++) {
        struct vmpfi_column_entry entry;
        if (!read_entry(&directory, &entry) ||
            !vmpfi_read_bytes(&cursor, entry.stored_bytes, &entry.data)) {
            return vmpfi_fail(err, VMPF_E_CORRUPT, payload_offset, "F-4-1",
                              "a column ends behind its chunk");
        }
        VMPF_TRY(check_entry(set, &entry, known, err));
        set->columns[set->column_count++] = entry;
    }
    if (vmpfi_cursor_left(&cursor) != 0) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload_offset, "F-4-1",
                          "a chunk has %zu bytes too many", vmpfi_cursor_left(&cursor));
    }
    return VMPF_OK;
}

/* The raw bytes of a column, inflated into set->raw where need be. */
static vmpf_status column_raw(const struct vmpfi_columnset *set,
                              const struct vmpfi_column_entry *entry, const uint8_t **raw,
                              struct vmpf_error *err)
{
    if (entry->codec == VMPFI_CODEC_STORED) {
        *raw = entry->data;
        return VMPF_OK;
    }
    set->raw->size_bytes = 0;
    if (!vmpfi_buffer_reserve(set->raw, (size_t)entry->raw_bytes + 1)) {
        return vmpfi_fail_nomem(err);
    }
    vmpf_status status =
        vmpfi_inflate(entry->data, entry->stored_bytes, set->raw->data, entry->raw_bytes);
    if (status == VMPF_E_NOMEM) {
        return vmpfi_fail_nomem(err);
    }
    if (status != VMPF_OK) {
        return vmpfi_fail(err, status, set->payload_offset, "F-4-3",
                          "column %u does not inflate to %u bytes", (unsigned)entry->id,
                          (unsigned)entry->raw_bytes);
    }
    *raw = set->raw->data;
    return VMPF_OK;
}

static vmpf_status missing_column(const struct vmpfi_columnset *set, uint16_t id,
                                  struct vmpf_error *err)
{
    return vmpfi_fail(err, VMPF_E_CORRUPT, set->payload_offset, "F-4-2", "column %u is missing",
                      (unsigned)id);
}

vmpf_status vmpfi_columnset_integers(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                     uint64_t maximum, uint64_t *values, struct vmpf_error *err)
{
    const struct vmpfi_column_entry *entry = find_column(set, id);
    if (entry == NULL) {
        if (required) {
            return missing_column(set, id, err);
        }
        memset(values, 0, set->head.count * sizeof *values);
        return VMPF_OK;
    }
    const uint8_t *raw = NULL;
    VMPF_TRY(column_raw(set, entry, &raw, err));
    if (entry->encoding == VMPFI_ENCODING_BYTES ||
        !vmpfi_column_decode(raw, entry->raw_bytes, (enum vmpfi_encoding)entry->encoding, values,
                             set->head.count)) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, set->payload_offset, "F-4-5",
                          "column %u does not hold %u integers", (unsigned)id,
                          (unsigned)set->head.count);
    }
    for (uint32_t i = 0; i < set->head.count; i++) {
        if (values[i] > maximum) {
            return vmpfi_fail(err, VMPF_E_CORRUPT, set->payload_offset, "F-4-5",
                              "column %u holds a number that is too large", (unsigned)id);
        }
    }
    return VMPF_OK;
}

vmpf_status vmpfi_columnset_bytes(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                  const uint8_t **data, size_t *size_bytes, struct vmpf_error *err)
{
    const struct vmpfi_column_entry *entry = find_column(set, id);
    if (entry == NULL) {
        *data = NULL;
        *size_bytes = 0;
        return required ? missing_column(set, id, err) : VMPF_OK;
    }
    if (entry->encoding != VMPFI_ENCODING_BYTES) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, set->payload_offset, "F-4-4",
                          "column %u is not bytes", (unsigned)id);
    }
    *size_bytes = entry->raw_bytes;
    return column_raw(set, entry, data, err);
}
