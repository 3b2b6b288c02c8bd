/* coded_decode.c: reads a column of coded integers (spec section 4.2). */
#include "libvmprof_fmt/src/columns/coded.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <string.h>

/* With more low bits than these, numbers with and without them take turns. */
#define MIXED_GROUPS_PER_BYTE 16u
#define MAX_LOW_BITS_AT_ONCE 56u /* what eight bytes hold from any bit of the first on */
#define MAX_LOW_BITS_OF_TWO 28u  /* each, of numbers that come from one such word */
#define BLOCK_GROUPS 8u
#define BLOCK_LOW_BYTES                                                                            \
    (4u * BLOCK_GROUPS + 8u) /* that a block may look at, from its first low bit's on */
#define LAST_LOW_BYTES                                                                             \
    (BLOCK_LOW_BYTES + 8u) /* that are left when there is no whole block any more */

/* What stands before the codes. */
struct coded_head {
    uint8_t transform;
    uint8_t number_precision, run_precision;
    uint64_t count, base, unit, group_count;
};

static bool has(const struct coded_head *head, enum vmpfi_transform bit)
{
    return (head->transform & (unsigned)bit) != 0;
}

static bool read_head(struct vmpfi_cursor *cursor, struct coded_head *head)
{
    uint8_t precisions;
    if (!vmpfi_read_u8(cursor, &head->transform) || !vmpfi_read_u8(cursor, &precisions) ||
        !vmpfi_read_varint(cursor, &head->count) || !vmpfi_read_varint(cursor, &head->base) ||
        !vmpfi_read_varint(cursor, &head->unit)) {
        return false;
    }
    head->number_precision = precisions & 15;
    head->run_precision = precisions >> 4;
    head->group_count = head->count;
    return !has(head, VMPFI_TRANSFORM_RUNS) || vmpfi_read_varint(cursor, &head->group_count);
}

static bool is_precision(unsigned precision)
{
    return precision >= VMPFI_MIN_PRECISION && precision <= VMPFI_MAX_PRECISION;
}

static const char *check_head(const struct coded_head *head, size_t count)
{
    bool runs = has(head, VMPFI_TRANSFORM_RUNS);
    if ((head->transform & ~(unsigned)VMPFI_TRANSFORM_KNOWN) != 0) {
        return "F-4.2-1";
    }
    if (!is_precision(head->number_precision) ||
        (runs ? !is_precision(head->run_precision) : head->run_precision != 0)) {
        return "F-4.2-2";
    }
    bool fits = head->count == count && head->unit >= 1 && head->group_count <= count;
    return fits ? NULL : "F-4.2-3";
}

/* The low bits: a string of bits, lowest first. */
struct bit_reader {
    const uint8_t *data;
    size_t size_bytes;
    uint64_t at; /* in bits */
};

/* Takes no reader, so that a reader can stay in registers. */
static uint64_t load_at_most_8(const uint8_t *data, size_t size_bytes, size_t from)
{
    uint64_t word = 0;
    for (size_t i = from; i < size_bytes && i < from + 8; i++) {
        word |= (uint64_t)data[i] << (8 * (i - from));
    }
    return word;
}

/* The next count bits; the caller has checked that count is at most 62. What is behind the end reads as 0, and is found by
 * the position. */
static inline uint64_t next_bits(struct bit_reader *r, unsigned count)
{
    size_t byte = (size_t)(r->at / 8);
    unsigned shift = (unsigned)(r->at % 8);
    uint64_t word = byte + 8 <= r->size_bytes ? vmpfi_load_u64(r->data + byte)
                                              : load_at_most_8(r->data, r->size_bytes, byte);
    uint64_t value = word >> shift;
    if (count > MAX_LOW_BITS_AT_ONCE && shift > 0) {
        value |= load_at_most_8(r->data, r->size_bytes, byte + 8) << (64 - shift);
    }
    r->at += count;
    return value & ((UINT64_C(1) << count) - 1);
}

/* false: the number does not fit 64 bits [F-4.2-2]. */
static inline bool next_number(struct bit_reader *r, uint8_t code, unsigned precision,
                               uint64_t *number)
{
    unsigned steps = (unsigned)code >> precision;
    if (steps < 2) {
        *number = code;
        return true;
    }
    unsigned low_bits = steps - 1;
    uint64_t top = (code & ((1u << precision) - 1)) | 1u << precision;
    if (low_bits > 63 - precision) {
        return false;
    }
    *number = top << low_bits | next_bits(r, low_bits);
    return true;
}

/* What a group's number adds to the base, or to the group before. */
static inline uint64_t distance_of(const struct coded_head *head, uint64_t number)
{
    uint64_t steps = has(head, VMPFI_TRANSFORM_ZIGZAG) ? vmpfi_unzigzag(number) : number;
    uint64_t distance = steps * head->unit;
    return has(head, VMPFI_TRANSFORM_DOWN) ? 0 - distance : distance;
}

/* Values of 64 bits, or of 32: which one is known where this is compiled. */
static inline void put(void *values, size_t at, uint64_t value, bool wide)
{
    if (wide) {
        ((uint64_t *)values)[at] = value;
    } else {
        ((uint32_t *)values)[at] = (uint32_t)value;
    }
}

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* What stays the same from group to group, and what comes with each. */
struct group_reader {
    struct bit_reader bits;
    const uint8_t *codes;
    uint64_t from; /* what the next number is added to */
    uint64_t seen; /* all values so far, joined by "or" */
    size_t done;   /* groups */
};

static ALWAYS_INLINE void take_number(struct group_reader *r, const struct coded_head *head,
                                      uint64_t number, void *values, bool wide, bool delta,
                                      bool simple)
{
    uint64_t value = r->from + (simple ? number : distance_of(head, number));
    r->from = delta ? value : r->from;
    r->seen |= value;
    put(values, r->done++, value, wide);
}

/* What each code stands for: `first` with low_bits more. */
struct code_table {
    uint64_t first[256];
    uint64_t low_mask[256];
    uint8_t low_bits[256];
};

/* false: one of the codes up to `greatest` has too many low bits for blocks. */
static bool fill_table(struct code_table *table, unsigned precision, unsigned greatest)
{
    if (greatest >> precision > MAX_LOW_BITS_OF_TWO) {
        return false;
    }
    for (unsigned code = 0; code <= greatest; code++) {
        unsigned steps = code >> precision;
        unsigned low_bits = steps - (steps != 0);
        uint64_t top = (code & ((1u << precision) - 1)) | (uint64_t)(steps != 0) << precision;
        table->first[code] = top << low_bits;
        table->low_mask[code] = (UINT64_C(1) << low_bits) - 1;
        table->low_bits[code] = (uint8_t)low_bits;
    }
    return true;
}

/* The next low bits in a register: at least 56 of them after a refill. */
struct bit_window {
    const uint8_t *next; /* byte that is not in the window yet, or not whole */
    uint64_t bits;
    unsigned count;
};

static ALWAYS_INLINE void refill(struct bit_window *w)
{
    w->bits |= vmpfi_load_u64(w->next) << w->count;
    w->next += (63 - w->count) / 8;
    w->count |= 56;
}

static ALWAYS_INLINE uint64_t table_number(struct bit_window *w, const struct code_table *table,
                                           uint8_t code)
{
    uint64_t number = table->first[code] + (w->bits & table->low_mask[code]);
    w->bits >>= table->low_bits[code];
    w->count -= table->low_bits[code];
    return number;
}

/* Groups by blocks, as long as a block's low bits are there for certain: without a branch on a code, which nobody could guess, or
 * on the end. */
static ALWAYS_INLINE void read_blocks(struct group_reader *r, const struct coded_head *head,
                                      const struct code_table *table, void *values, bool wide,
                                      bool delta, bool simple)
{
    const uint8_t *end = r->bits.data + r->bits.size_bytes;
    struct bit_window w = {.next = r->bits.data + r->bits.at / 8};
    if (end - w.next < BLOCK_LOW_BYTES) {
        return;
    }
    refill(&w);
    w.bits >>= r->bits.at % 8;
    w.count -= (unsigned)(r->bits.at % 8);
    while (head->group_count - r->done >= BLOCK_GROUPS && end - w.next >= BLOCK_LOW_BYTES) {
        const uint8_t *codes = r->codes + r->done;
        for (unsigned i = 0; i < BLOCK_GROUPS; i += 2) {
            refill(&w);
            uint64_t one = table_number(&w, table, codes[i]);
            take_number(r, head, one, values, wide, delta, simple);
            uint64_t other = table_number(&w, table, codes[i + 1]);
            take_number(r, head, other, values, wide, delta, simple);
        }
    }
    r->bits.at = 8 * (uint64_t)(w.next - r->bits.data) - w.count;
}

/* The same for the last low bits, with zeros behind them. */
static ALWAYS_INLINE void read_last_blocks(struct group_reader *r, const struct coded_head *head,
                                           const struct code_table *table, void *values, bool wide,
                                           bool delta, bool simple)
{
    uint8_t padded[LAST_LOW_BYTES + BLOCK_LOW_BYTES + 8] = {0};
    size_t from = (size_t)(r->bits.at / 8);
    const struct bit_reader all = r->bits;
    if (from > all.size_bytes || all.size_bytes - from > LAST_LOW_BYTES) {
        return;
    }
    memcpy(padded, all.data + from, all.size_bytes - from);
    r->bits =
        (struct bit_reader){.data = padded, .size_bytes = sizeof padded, .at = r->bits.at % 8};
    read_blocks(r, head, table, values, wide, delta, simple);
    r->bits = (struct bit_reader){
        .data = all.data, .size_bytes = all.size_bytes, .at = 8 * (uint64_t)from + r->bits.at};
}

static uint8_t greatest_code(const uint8_t *codes, size_t count)
{
    uint8_t greatest = 0;
    for (size_t i = 0; i < count; i++) {
        greatest = codes[i] > greatest ? codes[i] : greatest;
    }
    return greatest;
}

/* The groups' values, to values. */
static ALWAYS_INLINE const char *read_groups(const struct coded_head *head, struct bit_reader *bits,
                                             const uint8_t *codes, void *values, bool wide,
                                             bool delta, bool simple)
{
    const unsigned precision = head->number_precision;
    const size_t count = (size_t)head->group_count;
    const unsigned greatest = greatest_code(codes, count);
    struct group_reader r = {.bits = *bits, .codes = codes, .from = head->base};
    struct code_table table;
    if (greatest < 2u << precision) {
        while (r.done < count) {
            take_number(&r, head, codes[r.done], values, wide, delta, simple);
        }
    } else if (bits->size_bytes > count / MIXED_GROUPS_PER_BYTE &&
               fill_table(&table, precision, greatest)) {
        read_blocks(&r, head, &table, values, wide, delta, simple);
        read_last_blocks(&r, head, &table, values, wide, delta, simple);
    }
    while (r.done < head->group_count) {
        uint64_t number;
        if (!next_number(&r.bits, codes[r.done], precision, &number)) {
            return "F-4.2-2";
        }
        take_number(&r, head, number, values, wide, delta, simple);
    }
    *bits = r.bits;
    return wide || r.seen <= UINT32_MAX ? NULL : "F-4-5";
}

/* The common cases are compiled by themselves. */
static ALWAYS_INLINE const char *read_values(const struct coded_head *head, struct bit_reader *bits,
                                             const uint8_t *codes, void *values, size_t at,
                                             bool wide)
{
    bool simple =
        head->unit == 1 && !has(head, VMPFI_TRANSFORM_ZIGZAG) && !has(head, VMPFI_TRANSFORM_DOWN);
    void *first = wide ? (void *)((uint64_t *)values + at) : (void *)((uint32_t *)values + at);
    if (has(head, VMPFI_TRANSFORM_DELTA)) {
        return simple ? read_groups(head, bits, codes, first, wide, true, true)
                      : read_groups(head, bits, codes, first, wide, true, false);
    }
    return simple ? read_groups(head, bits, codes, first, wide, false, true)
                  : read_groups(head, bits, codes, first, wide, false, false);
}

/* The groups' values stand at the end of values; they are spread over all of it. A group is at least one entry, so the
 * place that is written never passes the one that is read. */
static ALWAYS_INLINE const char *spread_runs(const struct coded_head *head, struct bit_reader *bits,
                                             const uint8_t *codes, void *values, size_t count,
                                             bool wide)
{
    size_t from = count - (size_t)head->group_count;
    size_t to = 0;
    for (size_t i = 0; i < head->group_count; i++) {
        uint64_t further;
        uint64_t value =
            wide ? ((uint64_t *)values)[from + i] : (uint64_t)((uint32_t *)values)[from + i];
        if (!next_number(bits, codes[i], head->run_precision, &further)) {
            return "F-4.2-2";
        }
        if (further > count - to - (head->group_count - i)) {
            return "F-4.2-3";
        }
        for (size_t end = to + (size_t)further; to <= end; to++) {
            put(values, to, value, wide);
        }
    }
    return to == count ? NULL : "F-4.2-3";
}

/* [F-4.2-4] */
static bool bits_end_well(const struct bit_reader *bits)
{
    if ((bits->at + 7) / 8 != bits->size_bytes) {
        return false;
    }
    unsigned used = (unsigned)(bits->at % 8);
    return used == 0 || bits->data[bits->size_bytes - 1] >> used == 0;
}

bool vmpfi_coded_count(const uint8_t *data, size_t size_bytes, uint64_t *count)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(data, size_bytes);
    struct coded_head head;
    bool there = read_head(&cursor, &head);
    *count = there ? head.count : 0;
    return there;
}

static ALWAYS_INLINE const char *decode(const uint8_t *data, size_t size_bytes, void *values,
                                        size_t count, bool wide)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(data, size_bytes);
    struct coded_head head;
    const uint8_t *codes;
    const uint8_t *run_codes = NULL;
    if (!read_head(&cursor, &head)) {
        return "F-4-5";
    }
    const char *broken = check_head(&head, count);
    if (broken != NULL) {
        return broken;
    }
    bool runs = has(&head, VMPFI_TRANSFORM_RUNS);
    size_t groups = (size_t)head.group_count;
    if (!vmpfi_read_bytes(&cursor, groups, &codes) ||
        (runs && !vmpfi_read_bytes(&cursor, groups, &run_codes))) {
        return "F-4-5";
    }
    struct bit_reader bits = {.data = cursor.at, .size_bytes = vmpfi_cursor_left(&cursor)};
    broken = read_values(&head, &bits, codes, values, count - groups, wide);
    if (broken == NULL && runs) {
        broken = spread_runs(&head, &bits, run_codes, values, count, wide);
    }
    if (broken != NULL) {
        return broken;
    }
    return bits_end_well(&bits) ? NULL : "F-4.2-4";
}

const char *vmpfi_coded_decode(const uint8_t *data, size_t size_bytes, uint64_t *values,
                               size_t count)
{
    return decode(data, size_bytes, values, count, true);
}

const char *vmpfi_coded_decode_words(const uint8_t *data, size_t size_bytes, uint32_t *values,
                                     size_t count)
{
    return decode(data, size_bytes, values, count, false);
}
