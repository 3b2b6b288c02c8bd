#include "libvmprof_fmt/src/blocks/samples.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/wire/cursor.h"

enum sample_column { /* 5.6 */
                     COLUMN_STACK = 1,
                     COLUMN_THREAD = 2,
                     COLUMN_TIME = 3,
                     COLUMN_FLAGS = 4,
                     COLUMN_VALUE = 16,
};

static bool all_zero(const uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i] != 0) {
            return false;
        }
    }
    return true;
}

vmpf_status vmpfi_samples_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                 const struct vmpfi_columnset_head *head,
                                 const struct vmpfi_samples *samples)
{
    struct vmpfi_column_in columns[4 + VMPF_MAX_VALUES] = {
        {.id = COLUMN_STACK, .values = samples->stack},
        {.id = COLUMN_THREAD, .values = samples->thread},
        {.id = COLUMN_TIME, .values = samples->time_ns},
    };
    size_t column_count = 3;
    if (!all_zero(samples->flags, samples->count)) {
        columns[column_count++] =
            (struct vmpfi_column_in){.id = COLUMN_FLAGS, .values = samples->flags};
    }
    for (size_t k = 0; k < samples->value_count; k++) {
        columns[column_count++] = (struct vmpfi_column_in){.id = (uint16_t)(COLUMN_VALUE + k),
                                                           .values = samples->values[k]};
    }
    return vmpfi_columnset_encode(out, &scratch->bytes, head, columns, column_count);
}

/* One column into scratch; *out is NULL when it is not wanted. */
static vmpf_status decode_column(const struct vmpfi_columnset *set, struct vmpfi_scratch *scratch,
                                 unsigned slot, uint16_t id, uint64_t maximum, bool wanted,
                                 uint64_t **out, struct vmpf_error *err)
{
    *out = NULL;
    if (!wanted) {
        return VMPF_OK;
    }
    uint64_t *values = vmpfi_scratch_integers(scratch, slot, set->head.count);
    if (values == NULL) {
        return vmpfi_fail_nomem(err);
    }
    VMPF_TRY(vmpfi_columnset_integers(set, id, id != COLUMN_FLAGS, maximum, values, err));
    *out = values;
    return VMPF_OK;
}

vmpf_status vmpfi_samples_decode(struct vmpfi_columnset_head *head, struct vmpfi_samples *out,
                                 struct vmpfi_scratch *scratch, size_t value_count,
                                 uint32_t skip_columns, const struct vmpfi_payload *payload,
                                 struct vmpf_error *err)
{
    uint16_t known[4 + VMPF_MAX_VALUES + 1] = {COLUMN_STACK, COLUMN_THREAD, COLUMN_TIME,
                                               COLUMN_FLAGS};
    /* All that there can be: where the metadata is lost, so is the number of values, and the samples are not. */
    for (size_t k = 0; k < VMPF_MAX_VALUES; k++) {
        known[4 + k] = (uint16_t)(COLUMN_VALUE + k);
    }
    struct vmpfi_columnset set = {.raw = &scratch->bytes};
    VMPF_TRY(vmpfi_columnset_decode(&set, payload->data, payload->size_bytes, known,
                                    payload->offset, err));
    *head = set.head;
    out->count = set.head.count;
    out->value_count = value_count;
    bool time = (skip_columns & VMPF_COLUMN_TIME) == 0;
    bool flags = (skip_columns & VMPF_COLUMN_FLAGS) == 0;
    VMPF_TRY(decode_column(&set, scratch, 0, COLUMN_STACK, UINT32_MAX, true, &out->stack, err));
    VMPF_TRY(decode_column(&set, scratch, 1, COLUMN_THREAD, UINT32_MAX, true, &out->thread, err));
    VMPF_TRY(decode_column(&set, scratch, 2, COLUMN_TIME, UINT64_MAX, time, &out->time_ns, err));
    VMPF_TRY(decode_column(&set, scratch, 3, COLUMN_FLAGS, UINT32_MAX, flags, &out->flags, err));
    for (size_t k = 0; k < value_count; k++) {
        VMPF_TRY(decode_column(&set, scratch, (unsigned)(4 + k), (uint16_t)(COLUMN_VALUE + k),
                               UINT64_MAX, true, &out->values[k], err));
    }
    return VMPF_OK;
}

vmpf_status vmpfi_codes_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                               const uint8_t *rows, size_t size_bytes)
{
    const struct vmpfi_columnset_head head = {0};
    const struct vmpfi_column_in column = {.id = 1, .bytes = rows, .size_bytes = size_bytes};
    return vmpfi_columnset_encode(out, &scratch->bytes, &head, &column, 1);
}

vmpf_status vmpfi_codes_decode(struct vmpfi_scratch *scratch, const struct vmpfi_payload *payload,
                               const uint8_t **rows, size_t *size_bytes, struct vmpf_error *err)
{
    static const uint16_t known[] = {1, 0};
    struct vmpfi_columnset set = {.raw = &scratch->bytes};
    VMPF_TRY(vmpfi_columnset_decode(&set, payload->data, payload->size_bytes, known,
                                    payload->offset, err));
    return vmpfi_columnset_bytes(&set, 1, true, rows, size_bytes, err);
}

bool vmpfi_end_encode(struct vmpfi_buffer *out, const struct vmpfi_end *end)
{
    uint8_t bytes[32 + 8 * VMPF_MAX_VALUES] = {0};
    vmpfi_store_u64(bytes, end->samples);
    vmpfi_store_u64(bytes + 8, end->lost_samples);
    vmpfi_store_u64(bytes + 16, end->end_ns);
    vmpfi_store_u32(bytes + 24, (uint32_t)end->value_count);
    for (size_t k = 0; k < end->value_count; k++) {
        vmpfi_store_u64(bytes + 32 + 8 * k, end->sums[k]);
    }
    return vmpfi_buffer_append(out, bytes, 32 + 8 * end->value_count);
}

vmpf_status vmpfi_end_decode(struct vmpfi_end *out, const struct vmpfi_payload *payload,
                             struct vmpf_error *err)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(payload->data, payload->size_bytes);
    uint32_t value_count = 0;
    uint32_t reserved;
    bool sound = vmpfi_read_u64(&cursor, &out->samples) &&
                 vmpfi_read_u64(&cursor, &out->lost_samples) &&
                 vmpfi_read_u64(&cursor, &out->end_ns) && vmpfi_read_u32(&cursor, &value_count) &&
                 vmpfi_read_u32(&cursor, &reserved) && value_count <= VMPF_MAX_VALUES;
    out->value_count = value_count;
    for (size_t k = 0; sound && k < value_count; k++) {
        sound = vmpfi_read_u64(&cursor, &out->sums[k]);
    }
    if (!sound || vmpfi_cursor_left(&cursor) != 0) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-6-2",
                          "the end of the session has a wrong size");
    }
    return VMPF_OK;
}
