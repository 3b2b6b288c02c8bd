#include "libvmprof_fmt/src/columns/column.h"

#include "libvmprof_fmt/src/wire/cursor.h"

/* What an encoding makes of the predecessor and the value: the number that is stored. */
static uint64_t stored_number(uint64_t previous, uint64_t value, bool delta)
{
    return delta ? vmpfi_zigzag(value - previous) : value;
}

static bool is_delta(enum vmpfi_encoding encoding)
{
    return encoding == VMPFI_ENCODING_DELTA || encoding == VMPFI_ENCODING_DELTA_RUNS;
}

static bool is_runs(enum vmpfi_encoding encoding)
{
    return encoding == VMPFI_ENCODING_RUNS || encoding == VMPFI_ENCODING_DELTA_RUNS;
}

/* The bytes that plain and runs (or delta and delta runs) would take. */
static void measure(const uint64_t *values, size_t count, bool delta, size_t *each_bytes,
                    size_t *runs_bytes)
{
    uint64_t previous = 0;
    uint64_t run_number = 0;
    uint64_t run_length = 0;
    *each_bytes = 0;
    *runs_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = stored_number(previous, values[i], delta);
        previous = values[i];
        *each_bytes += vmpfi_varint_size(number);
        if (run_length > 0 && number == run_number) {
            run_length++;
            continue;
        }
        if (run_length > 0) {
            *runs_bytes += vmpfi_varint_size(run_number) + vmpfi_varint_size(run_length - 1);
        }
        run_number = number;
        run_length = 1;
    }
    if (run_length > 0) {
        *runs_bytes += vmpfi_varint_size(run_number) + vmpfi_varint_size(run_length - 1);
    }
}

bool vmpfi_column_encode(struct vmpfi_buffer *out, const uint64_t *values, size_t count,
                         enum vmpfi_encoding *encoding)
{
    size_t size[5] = {0};
    measure(values, count, false, &size[VMPFI_ENCODING_PLAIN], &size[VMPFI_ENCODING_RUNS]);
    measure(values, count, true, &size[VMPFI_ENCODING_DELTA], &size[VMPFI_ENCODING_DELTA_RUNS]);
    *encoding = VMPFI_ENCODING_PLAIN;
    for (int candidate = VMPFI_ENCODING_DELTA; candidate <= VMPFI_ENCODING_DELTA_RUNS;
         candidate++) {
        if (size[candidate] < size[*encoding]) {
            *encoding = (enum vmpfi_encoding)candidate;
        }
    }
    return vmpfi_column_encode_as(out, values, count, *encoding);
}

static void put_varint(struct vmpfi_buffer *out, uint64_t value)
{
    out->size_bytes += vmpfi_store_varint(out->data + out->size_bytes, value);
}

bool vmpfi_column_encode_as(struct vmpfi_buffer *out, const uint64_t *values, size_t count,
                            enum vmpfi_encoding encoding)
{
    bool delta = is_delta(encoding);
    bool runs = is_runs(encoding);
    if (count > SIZE_MAX / (2 * VMPFI_VARINT_MAX_BYTES) ||
        !vmpfi_buffer_reserve(out, count * 2 * VMPFI_VARINT_MAX_BYTES)) {
        return false;
    }
    uint64_t previous = 0;
    for (size_t i = 0; i < count;) {
        uint64_t number = stored_number(previous, values[i], delta);
        previous = values[i++];
        put_varint(out, number);
        if (!runs) {
            continue;
        }
        uint64_t further = 0;
        while (i < count && stored_number(previous, values[i], delta) == number) {
            previous = values[i++];
            further++;
        }
        put_varint(out, further);
    }
    return true;
}

/* Values of 64 bits, or of 32: false when one does not fit. */
static inline bool put(void *values, size_t at, uint64_t value, bool wide)
{
    if (wide) {
        ((uint64_t *)values)[at] = value;
        return true;
    }
    ((uint32_t *)values)[at] = (uint32_t)value;
    return value <= UINT32_MAX;
}

/* A number for each entry. */
static bool decode_each(struct vmpfi_cursor *cursor, bool delta, void *values, size_t count,
                        bool wide)
{
    uint64_t previous = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        if (!vmpfi_read_varint(cursor, &number)) {
            return false;
        }
        previous = delta ? previous + vmpfi_unzigzag(number) : number;
        if (!put(values, i, previous, wide)) {
            return false;
        }
    }
    return true;
}

/* A number, and how many further entries have it too. */
static bool decode_runs(struct vmpfi_cursor *cursor, bool delta, void *values, size_t count,
                        bool wide)
{
    uint64_t previous = 0;
    for (size_t i = 0; i < count;) {
        uint64_t number;
        uint64_t further;
        if (!vmpfi_read_varint(cursor, &number) || !vmpfi_read_varint(cursor, &further) ||
            further >= count - i) {
            return false;
        }
        for (uint64_t k = 0; k <= further; k++) {
            previous = delta ? previous + vmpfi_unzigzag(number) : number;
            if (!put(values, i++, previous, wide)) {
                return false;
            }
        }
    }
    return true;
}

static bool decode(const uint8_t *data, size_t size_bytes, enum vmpfi_encoding encoding,
                   void *values, size_t count, bool wide)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(data, size_bytes);
    bool delta = is_delta(encoding);
    bool whole = is_runs(encoding) ? decode_runs(&cursor, delta, values, count, wide)
                                   : decode_each(&cursor, delta, values, count, wide);
    return whole && vmpfi_cursor_left(&cursor) == 0;
}

bool vmpfi_column_decode(const uint8_t *data, size_t size_bytes, enum vmpfi_encoding encoding,
                         uint64_t *values, size_t count)
{
    return decode(data, size_bytes, encoding, values, count, true);
}

bool vmpfi_column_decode_words(const uint8_t *data, size_t size_bytes, enum vmpfi_encoding encoding,
                               uint32_t *values, size_t count)
{
    return decode(data, size_bytes, encoding, values, count, false);
}
