/* columnset_encode.c: writes the payload of the table and sample chunks (spec section 4.1). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/columnset.h"
#include "libvmprof_fmt/src/columns/coded.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <string.h>

/* Where coded integers take no more than this, nothing else is tried. */
#define SMALL_ENOUGH_BYTES ((size_t)64)

/* A column as it stands at the end of out. */
struct attempt {
    enum vmpfi_encoding encoding;
    enum vmpfi_codec codec;
    size_t raw_bytes, stored_bytes, tail_bytes;
};

static vmpf_status compress(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                            const uint8_t *raw, struct attempt *a)
{
    size_t before = out->size_bytes;
    if (a->raw_bytes > VMPFI_MAX_RAW_BYTES) {
        return VMPF_E_LIMIT;
    }
    VMPF_TRY(vmpfi_deflate(&scratch->deflater, out, raw, a->raw_bytes, a->tail_bytes, &a->codec));
    a->stored_bytes = out->size_bytes - before;
    a->tail_bytes = a->codec == VMPFI_CODEC_ZLIB_TAIL ? a->tail_bytes : 0;
    return VMPF_OK;
}

static struct vmpfi_numbers numbers_of(const struct vmpfi_column_in *column)
{
    return (struct vmpfi_numbers){.wide = column->values, .words = column->words};
}

static struct vmpfi_coded_plan plan_of(const struct vmpfi_column_in *column, size_t count)
{
    switch (column->nature) {
    case VMPFI_NATURE_ORDINALS: return vmpfi_coded_plan_small(numbers_of(column), count);
    case VMPFI_NATURE_BELOW: return vmpfi_coded_plan_down(numbers_of(column), count, column->top);
    default: return vmpfi_coded_plan(numbers_of(column), count);
    }
}

static vmpf_status try_coded(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                             const struct vmpfi_column_in *column, size_t count, struct attempt *a)
{
    struct vmpfi_coded_plan plan = plan_of(column, count);
    scratch->bytes.size_bytes = 0;
    if (!vmpfi_coded_encode(&scratch->bytes, numbers_of(column), count, &plan, &a->tail_bytes)) {
        return VMPF_E_NOMEM;
    }
    a->encoding = VMPFI_ENCODING_CODED;
    a->raw_bytes = scratch->bytes.size_bytes;
    return compress(out, scratch, scratch->bytes.data, a);
}

static vmpf_status try_varints(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                               const struct vmpfi_column_in *column, size_t count,
                               struct attempt *a)
{
    scratch->bytes.size_bytes = 0;
    a->tail_bytes = 0;
    if (!vmpfi_column_encode(&scratch->bytes, column->values, count, &a->encoding)) {
        return VMPF_E_NOMEM;
    }
    a->raw_bytes = scratch->bytes.size_bytes;
    return compress(out, scratch, scratch->bytes.data, a);
}

/* Integers, in the encoding that is smallest. */
static vmpf_status encode_integers(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                   const struct vmpfi_column_in *column, size_t count,
                                   struct attempt *best)
{
    size_t start = out->size_bytes;
    VMPF_TRY(try_coded(out, scratch, column, count, best));
    if (column->nature != VMPFI_NATURE_ANY || best->raw_bytes <= SMALL_ENOUGH_BYTES) {
        return VMPF_OK;
    }
    struct attempt other;
    VMPF_TRY(try_varints(out, scratch, column, count, &other));
    if (other.stored_bytes < best->stored_bytes) {
        memmove(out->data + start, out->data + start + best->stored_bytes, other.stored_bytes);
        *best = other;
    }
    out->size_bytes = start + best->stored_bytes;
    return VMPF_OK;
}

/* The numbers of a column of 32 bits, as 64, for the encodings that want them so. */
static bool widen(struct vmpfi_scratch *scratch, struct vmpfi_column_in *column, size_t count)
{
    uint64_t *wide = vmpfi_scratch_integers(scratch, VMPFI_SCRATCH_WIDE, count);
    if (wide == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        wide[i] = column->words[i];
    }
    column->values = wide;
    return true;
}

/* Encodes one column to the end of out; its directory entry goes to entry_at (an offset: out may move). */
static vmpf_status encode_column(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                 size_t entry_at, struct vmpfi_column_in column, size_t count)
{
    struct attempt a = {.encoding = VMPFI_ENCODING_BYTES, .raw_bytes = column.size_bytes};
    count = column.list ? column.list_count : count;
    if (column.nature == VMPFI_NATURE_BYTES) {
        VMPF_TRY(compress(out, scratch, column.bytes, &a));
    } else {
        if (column.values == NULL && column.nature == VMPFI_NATURE_ANY &&
            !widen(scratch, &column, count)) {
            return VMPF_E_NOMEM;
        }
        VMPF_TRY(encode_integers(out, scratch, &column, count, &a));
    }
    uint8_t *entry = out->data + entry_at;
    vmpfi_store_u16(entry, column.id);
    entry[2] = (uint8_t)a.encoding;
    entry[3] = (uint8_t)a.codec;
    vmpfi_store_u32(entry + 4, (uint32_t)a.raw_bytes);
    vmpfi_store_u32(entry + 8, (uint32_t)a.stored_bytes);
    vmpfi_store_u32(entry + 12, (uint32_t)a.tail_bytes);
    return VMPF_OK;
}

vmpf_status vmpfi_columnset_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
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
        VMPF_TRY(encode_column(out, scratch, entry_at, columns[i], head->count));
    }
    return VMPF_OK;
}
