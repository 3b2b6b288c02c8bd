#include "tests/unit/fmt/walk.h"

#include "tests/unit/fmt/fixture.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HEADER_BYTES 56u
#define INDEX_COLUMNS 8u

static uint64_t number(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = bytes; i > 0; i--) {
        value = value << 8 | at[i - 1];
    }
    return value;
}

/* ---- chunks ---------------------------------------------------------------------------------------- */

static struct walked_chunk read_chunk(const uint8_t *at, uint64_t offset)
{
    struct walked_chunk chunk = {.offset = offset,
                                 .kind = number(at + 4, 2),
                                 .flags = number(at + 6, 2),
                                 .sequence = number(at + 16, 4),
                                 .epoch = number(at + 20, 4),
                                 .size_bytes = HEADER_BYTES + number(at + 24, 4),
                                 .begin_ns = number(at + 32, 8),
                                 .end_ns = number(at + 40, 8),
                                 .payload = at + HEADER_BYTES};
    assert_int_equal(number(at, 4), 0x434D569E);
    assert_int_equal(number(at + 52, 4), crc32(0, at, 52));
    return chunk;
}

struct walked walk_session(const uint8_t *data, size_t size_bytes)
{
    struct walked walked = {.size_bytes = 64};
    assert_true(size_bytes >= 64);
    assert_memory_equal(data, "\x89VMPF\r\n\x1a", 8);
    while (!walked.ended && walked.size_bytes < size_bytes) {
        assert_true(size_bytes - walked.size_bytes >= HEADER_BYTES);
        struct walked_chunk chunk = read_chunk(data + walked.size_bytes, walked.size_bytes);
        assert_true(chunk.size_bytes <= size_bytes - walked.size_bytes);
        assert_memory_equal(data + walked.size_bytes + 8, data + 16, 8); /* the session's id */
        if (chunk.kind == WALKED_SAMPLES) {
            chunk.samples = number(chunk.payload + 8, 4);
        }
        walked.chunks = realloc(walked.chunks, (walked.count + 1) * sizeof *walked.chunks);
        assert_non_null(walked.chunks);
        walked.chunks[walked.count++] = chunk;
        walked.size_bytes += chunk.size_bytes;
        walked.ended = chunk.kind == WALKED_END;
    }
    return walked;
}

void walk_free(struct walked *walked)
{
    free(walked->chunks);
    memset(walked, 0, sizeof *walked);
}

const struct walked_chunk *walked_at(const struct walked *walked, uint64_t offset)
{
    for (size_t i = 0; i < walked->count; i++) {
        if (walked->chunks[i].offset == offset) {
            return &walked->chunks[i];
        }
    }
    return NULL;
}

/* ---- columns of integers (spec 4.1, 4.2) ------------------------------------------------------------- */

struct bytes {
    const uint8_t *at;
    size_t bit; /* for the low bits */
};

static uint64_t varint(struct bytes *b)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *b->at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
}

static uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

static void read_varints(struct bytes b, unsigned encoding, uint64_t *values, size_t count)
{
    bool delta = encoding == 2 || encoding == 4;
    uint64_t before = 0;
    size_t i = 0;
    while (i < count) {
        uint64_t value = varint(&b);
        uint64_t more = encoding >= 3 ? varint(&b) : 0;
        for (uint64_t k = 0; k <= more; k++) {
            before = delta ? before + unzigzag(value) : value;
            values[i++] = before;
        }
    }
}

static uint64_t bits(struct bytes *b, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++, b->bit++) {
        value |= (uint64_t)(b->at[b->bit / 8] >> b->bit % 8 & 1) << i;
    }
    return value;
}

static uint64_t coded_number(unsigned code, unsigned m, struct bytes *low)
{
    unsigned whole = 1u << m;
    if (code < 2 * whole) {
        return code;
    }
    unsigned s = code / whole - 1;
    return (uint64_t)(code % whole + whole) << s | bits(low, s);
}

static void read_coded(struct bytes b, uint64_t *values, size_t count)
{
    unsigned transform = *b.at++;
    unsigned precision = *b.at++;
    assert_int_equal(varint(&b), count);
    uint64_t base = varint(&b);
    uint64_t unit = varint(&b);
    bool runs = (transform & 4) != 0;
    uint64_t groups = runs ? varint(&b) : count;
    const uint8_t *codes = b.at;
    const uint8_t *lengths = codes + groups;
    struct bytes low = {.at = lengths + (runs ? groups : 0)};
    uint64_t *numbers = malloc((groups + 1) * sizeof *numbers);
    assert_non_null(numbers);
    for (size_t g = 0; g < groups; g++) {
        numbers[g] = coded_number(codes[g], precision & 15, &low);
    }
    uint64_t before = base;
    size_t i = 0;
    for (size_t g = 0; g < groups; g++) {
        uint64_t q = (transform & 2) != 0 ? unzigzag(numbers[g]) : numbers[g];
        uint64_t d = (transform & 8) != 0 ? 0 - q * unit : q * unit;
        uint64_t more = runs ? coded_number(lengths[g], precision >> 4, &low) : 0;
        before = ((transform & 1) != 0 ? before : base) + d;
        for (uint64_t k = 0; k <= more; k++) {
            values[i++] = before;
        }
    }
    assert_int_equal(i, count);
    free(numbers);
}

static uint8_t *raw_bytes(const uint8_t *entry, const uint8_t *stored)
{
    uLongf raw_size = (uLongf)number(entry + 4, 4);
    size_t stored_size = number(entry + 8, 4);
    size_t tail = entry[3] == 2 ? number(entry + 12, 4) : 0;
    uint8_t *raw = malloc(raw_size + 1);
    assert_non_null(raw);
    if (entry[3] == 0) {
        memcpy(raw, stored, raw_size);
        return raw;
    }
    uLongf front = raw_size - tail;
    assert_int_equal(uncompress(raw, &front, stored, stored_size - tail), Z_OK);
    assert_int_equal(front, raw_size - tail);
    memcpy(raw + front, stored + stored_size - tail, tail);
    return raw;
}

uint64_t *walk_column(const uint8_t *payload, unsigned id, size_t *count)
{
    uint64_t columns = number(payload + 12, 4);
    const uint8_t *stored = payload + 32 + 16 * columns;
    *count = number(payload + 8, 4);
    for (uint64_t c = 0; c < columns; c++) {
        const uint8_t *entry = payload + 32 + 16 * c;
        if (number(entry, 2) != id) {
            stored += number(entry + 8, 4);
            continue;
        }
        uint8_t *raw = raw_bytes(entry, stored);
        uint64_t *values = malloc((*count + 1) * sizeof *values);
        assert_non_null(values);
        if (entry[2] == 5) {
            read_coded((struct bytes){.at = raw}, values, *count);
        } else {
            read_varints((struct bytes){.at = raw}, entry[2], values, *count);
        }
        free(raw);
        return values;
    }
    fail_msg("column %u is missing", id);
    return NULL;
}

/* ---- INDEX and END ----------------------------------------------------------------------------------- */

static bool is_listed(const struct walked_chunk *chunk)
{
    return chunk->kind != WALKED_JOURNAL && chunk->kind != WALKED_PAD &&
           chunk->kind != WALKED_CODES && chunk->kind != WALKED_INDEX && chunk->kind != WALKED_END;
}

/* One INDEX chunk against the chunks from *next on. */
static void check_entries(const struct walked *walked, const struct walked_chunk *index,
                          size_t *next)
{
    uint64_t *columns[INDEX_COLUMNS];
    size_t count = 0;
    for (unsigned c = 0; c < INDEX_COLUMNS; c++) {
        columns[c] = walk_column(index->payload, c + 1, &count);
    }
    for (size_t i = 0; i < count; i++) {
        while (*next < walked->count && !is_listed(&walked->chunks[*next])) {
            ++*next;
        }
        assert_true(*next < walked->count);
        const struct walked_chunk *chunk = &walked->chunks[(*next)++];
        assert_true(chunk->offset < index->offset);
        assert_int_equal(columns[0][i], chunk->offset);
        assert_int_equal(columns[1][i], chunk->size_bytes);
        assert_int_equal(columns[2][i], chunk->kind);
        assert_int_equal(columns[3][i], chunk->epoch);
        assert_int_equal(columns[4][i], chunk->sequence);
        assert_int_equal(columns[5][i], chunk->begin_ns);
        assert_int_equal(columns[6][i], chunk->end_ns);
        assert_int_equal(columns[7][i], chunk->samples);
    }
    for (unsigned c = 0; c < INDEX_COLUMNS; c++) {
        free(columns[c]);
    }
}

static void check_end(const struct walked *walked, const struct walked_chunk *last_index)
{
    const struct walked_chunk *end = &walked->chunks[walked->count - 1];
    assert_int_equal(end->kind, WALKED_END);
    size_t fixed = 32 + 8 * number(end->payload + 24, 4);
    assert_int_equal(end->size_bytes, HEADER_BYTES + fixed + 16);
    assert_int_equal(number(end->payload + fixed, 8), end->offset);
    assert_int_equal(number(end->payload + fixed + 8, 8),
                     last_index == NULL ? 0 : last_index->offset);
    if (last_index != NULL) {
        assert_int_equal(last_index->offset + last_index->size_bytes, end->offset);
    }
}

size_t check_index(const struct walked *walked)
{
    const struct walked_chunk *last = NULL;
    uint64_t entries = 0;
    size_t next = 0;
    size_t count = 0;
    for (size_t i = 0; i < walked->count; i++) {
        const struct walked_chunk *chunk = &walked->chunks[i];
        if (chunk->kind != WALKED_INDEX) {
            continue;
        }
        assert_int_equal(chunk->flags, 0); /* not critical */
        assert_int_equal(number(chunk->payload, 8), entries);
        assert_int_equal(number(chunk->payload + 16, 8), last == NULL ? 0 : last->offset);
        assert_int_equal(number(chunk->payload + 24, 8), chunk->offset);
        entries += number(chunk->payload + 8, 4);
        check_entries(walked, chunk, &next);
        for (size_t k = next; k < i; k++) { /* all that stand before it are listed */
            assert_false(is_listed(&walked->chunks[k]));
        }
        last = chunk;
        count++;
    }
    check_end(walked, last);
    return count;
}
