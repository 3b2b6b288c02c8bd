/* columnset_decode.c: takes the payload of the table and sample chunks apart (spec section 4.1). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/columnset.h"
#include "libvmprof_fmt/src/columns/coded.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <string.h>

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
    if (entry->codec > VMPFI_CODEC_ZLIB_TAIL) {
        return vmpfi_fail(err, VMPF_E_UNSUPPORTED, offset, "F-4-3",
                          "codec %u of column %u is not known here", (unsigned)entry->codec, id);
    }
    if (entry->encoding > VMPFI_ENCODING_CODED) {
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
    if (entry->codec == VMPFI_CODEC_ZLIB_TAIL &&
        (entry->tail_bytes > entry->raw_bytes || entry->tail_bytes > entry->stored_bytes)) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-4-3",
                          "column %u has a tail that is longer than itself", id);
    }
    return VMPF_OK;
}

static bool read_entry(struct vmpfi_cursor *directory, struct vmpfi_column_entry *entry)
{
    return vmpfi_read_u16(directory, &entry->id) && vmpfi_read_u8(directory, &entry->encoding) &&
           vmpfi_read_u8(directory, &entry->codec) &&
           vmpfi_read_u32(directory, &entry->raw_bytes) &&
           vmpfi_read_u32(directory, &entry->stored_bytes) &&
           vmpfi_read_u32(directory, &entry->tail_bytes);
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
        return vmpfi_fail(
            err, VMPF_E_LIMIT, payload_offset, column_count > VMPFI_MAX_COLUMNS ? "F-4-1" : "F-4-6",
            "%u entries in %u columns are too many", (unsigned)head->count, (unsigned)column_count);
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
    struct vmpfi_buffer *buffer = &set->scratch->bytes;
    buffer->size_bytes = 0;
    if (!vmpfi_buffer_reserve(buffer, (size_t)entry->raw_bytes + 1)) {
        return vmpfi_fail_nomem(err);
    }
    size_t tail_bytes = entry->codec == VMPFI_CODEC_ZLIB_TAIL ? entry->tail_bytes : 0;
    size_t front_bytes = entry->raw_bytes - tail_bytes;
    size_t stored_bytes = entry->stored_bytes - tail_bytes;
    vmpf_status status = vmpfi_inflate(&set->scratch->inflater, entry->data, stored_bytes,
                                       buffer->data, front_bytes);
    if (status == VMPF_E_NOMEM) {
        return vmpfi_fail_nomem(err);
    }
    if (status != VMPF_OK) {
        return vmpfi_fail(err, status, set->payload_offset, "F-4-3",
                          "column %u does not inflate to %zu bytes", (unsigned)entry->id,
                          front_bytes);
    }
    memcpy(buffer->data + front_bytes, entry->data + stored_bytes, tail_bytes);
    *raw = buffer->data;
    return VMPF_OK;
}

static vmpf_status missing_column(const struct vmpfi_columnset *set, uint16_t id,
                                  struct vmpf_error *err)
{
    return vmpfi_fail(err, VMPF_E_CORRUPT, set->payload_offset, "F-4-2", "column %u is missing",
                      (unsigned)id);
}

/* Where a column's integers go: of 64 bits, or of 32 when wide is NULL. */
struct target {
    uint64_t *wide;
    uint32_t *words;
};

/* NULL, or the rule that is broken. */
static const char *decode_coded(const struct vmpfi_column_entry *entry, const uint8_t *raw,
                                const struct target *to, size_t count)
{
    return to->wide != NULL ? vmpfi_coded_decode(raw, entry->raw_bytes, to->wide, count)
                            : vmpfi_coded_decode_words(raw, entry->raw_bytes, to->words, count);
}

static bool decode_varints(const struct vmpfi_column_entry *entry, const uint8_t *raw,
                           const struct target *to, size_t count)
{
    enum vmpfi_encoding encoding = (enum vmpfi_encoding)entry->encoding;
    return to->wide != NULL
               ? vmpfi_column_decode(raw, entry->raw_bytes, encoding, to->wide, count)
               : vmpfi_column_decode_words(raw, entry->raw_bytes, encoding, to->words, count);
}

/* raw is what column_raw() gave. */
static vmpf_status decode_integers(const struct vmpfi_columnset *set,
                                   const struct vmpfi_column_entry *entry, const uint8_t *raw,
                                   const struct target *to, size_t count, struct vmpf_error *err)
{
    const char *broken = "F-4-5";
    if (entry->encoding == VMPFI_ENCODING_BYTES) {
        broken = "F-4-4";
    } else if (entry->encoding == VMPFI_ENCODING_CODED) {
        broken = decode_coded(entry, raw, to, count);
    } else if (decode_varints(entry, raw, to, count)) {
        broken = NULL;
    }
    if (broken == NULL) {
        return VMPF_OK;
    }
    bool unsupported = strcmp(broken, "F-4.2-1") == 0;
    return vmpfi_fail(err, unsupported ? VMPF_E_UNSUPPORTED : VMPF_E_CORRUPT, set->payload_offset,
                      broken,
                      unsupported ? "column %u has a transform that is not known here"
                                  : "column %u does not hold %zu integers of its width",
                      (unsigned)entry->id, count);
}

bool vmpfi_columnset_has(const struct vmpfi_columnset *set, uint16_t id)
{
    return find_column(set, id) != NULL;
}

static vmpf_status decode_column(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                 const struct target *to, struct vmpf_error *err)
{
    const struct vmpfi_column_entry *entry = find_column(set, id);
    size_t count = set->head.count;
    if (entry == NULL) {
        if (required) {
            return missing_column(set, id, err);
        }
        if (to->wide != NULL) {
            memset(to->wide, 0, count * sizeof *to->wide);
        } else if (to->words != NULL) {
            memset(to->words, 0, count * sizeof *to->words);
        }
        return VMPF_OK;
    }
    const uint8_t *raw = NULL;
    VMPF_TRY(column_raw(set, entry, &raw, err));
    return decode_integers(set, entry, raw, to, count, err);
}

vmpf_status vmpfi_columnset_integers(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                     uint64_t *values, struct vmpf_error *err)
{
    return decode_column(set, id, required, &(struct target){.wide = values}, err);
}

vmpf_status vmpfi_columnset_words(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                  uint32_t *values, struct vmpf_error *err)
{
    return decode_column(set, id, required, &(struct target){.words = values}, err);
}

/* A list, and how many entries it says it has. */
static vmpf_status open_list(const struct vmpfi_columnset *set, uint16_t id,
                             const struct vmpfi_column_entry **entry, const uint8_t **raw,
                             uint64_t *count, struct vmpf_error *err)
{
    *entry = find_column(set, id);
    if (*entry == NULL) {
        return missing_column(set, id, err);
    }
    VMPF_TRY(column_raw(set, *entry, raw, err));
    if ((*entry)->encoding != VMPFI_ENCODING_CODED) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, set->payload_offset, "F-4-7",
                          "column %u is a list, and not encoded as one", (unsigned)id);
    }
    if (!vmpfi_coded_count(*raw, (*entry)->raw_bytes, count)) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, set->payload_offset, "F-4-5",
                          "column %u ends within its first bytes", (unsigned)id);
    }
    if (*count > VMPFI_MAX_ENTRIES) {
        return vmpfi_fail(err, VMPF_E_LIMIT, set->payload_offset, "F-4-7",
                          "column %u has more entries than a list may have", (unsigned)id);
    }
    return VMPF_OK;
}

vmpf_status vmpfi_columnset_list(const struct vmpfi_columnset *set, uint16_t id, unsigned slot,
                                 uint32_t **values, size_t *count, struct vmpf_error *err)
{
    const struct vmpfi_column_entry *entry;
    const uint8_t *raw = NULL;
    uint64_t said = 0;
    VMPF_TRY(open_list(set, id, &entry, &raw, &said, err));
    uint32_t *words = vmpfi_scratch_words(set->scratch, slot, (size_t)said);
    if (words == NULL) {
        return vmpfi_fail_nomem(err);
    }
    *values = words;
    *count = (size_t)said;
    return decode_integers(set, entry, raw, &(struct target){.words = words}, *count, err);
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
