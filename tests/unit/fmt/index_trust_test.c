/* An index is an offer [F-5.10-2]: wherever it is wrong about what a range needs, and has right checksums all the same, the
 * range gives what the whole reading has in it.
 *
 * The oracle is the whole reading, filtered; the wrong files are put together here, from the spec. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/range_reading.h"
#include "tests/unit/fmt/walk.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SAMPLES 1000u
#define BLOCK 100u
#define STEP UINT64_C(1000003)
#define FROM                                                                                       \
    (430 *                                                                                         \
     STEP) /* within blocks, so that one nanosecond more or less of a block's span changes nothing */
#define TO (560 * STEP)
#define HEADER_BYTES 56u
#define COLUMNS 8u
#define MAX_ENTRIES 200u

struct file {
    uint8_t *data;
    size_t size_bytes;
    struct seen whole;
    struct walked walked;
    const struct walked_chunk *index, *end;
    uint64_t columns[COLUMNS][MAX_ENTRIES]; /* of the index */
    size_t entries;
};

static void store(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static size_t put_varint(uint8_t *at, uint64_t value)
{
    size_t size = 0;
    while (value >= 0x80) {
        at[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    at[size++] = (uint8_t)value;
    return size;
}

/* The checksums of a chunk whose payload, or header, was changed. */
static void repair(uint8_t *chunk, size_t payload_bytes)
{
    store(chunk + 24, payload_bytes, 4);
    store(chunk + 28, crc32(0, chunk + HEADER_BYTES, (uInt)payload_bytes), 4);
    store(chunk + 52, crc32(0, chunk, 52), 4);
}

static struct file make(void)
{
    struct file f = {0};
    make_epochs(SAMPLES, BLOCK, 40, &f.data, &f.size_bytes);
    struct counting counting = {.data = f.data, .size_bytes = f.size_bytes};
    f.whole = read_counting(&counting, NULL);
    f.walked = walk_session(f.data, f.size_bytes);
    assert_int_equal(check_index(&f.walked), 1);
    f.end = &f.walked.chunks[f.walked.count - 1];
    f.index = f.end - 1;
    for (unsigned c = 0; c < COLUMNS; c++) {
        uint64_t *values = walk_column(f.index->payload, c + 1, &f.entries);
        assert_true(f.entries <= MAX_ENTRIES);
        memcpy(f.columns[c], values, f.entries * sizeof *values);
        free(values);
    }
    return f;
}

static void forget(struct file *f)
{
    seen_free(&f->whole);
    walk_free(&f->walked);
    free(f->data);
}

/* The payload of INDEX with the columns as they stand in f, encoding 1 and codec 0. Returns its size. */
static size_t put_index(const struct file *f, uint8_t *payload)
{
    uint8_t *at = payload + 32 + (size_t)16 * COLUMNS;
    memcpy(payload, f->index->payload, 32);
    store(payload + 12, COLUMNS, 4);
    for (unsigned c = 0; c < COLUMNS; c++) {
        uint8_t *entry = payload + 32 + (size_t)16 * c;
        uint8_t *start = at;
        for (size_t i = 0; i < f->entries; i++) {
            at += put_varint(at, f->columns[c][i]);
        }
        memset(entry, 0, 16);
        store(entry, c + 1, 2);
        entry[2] = 1;
        store(entry + 4, (uint64_t)(at - start), 4);
        store(entry + 8, (uint64_t)(at - start), 4);
    }
    return (size_t)(at - payload);
}

/* The file again, with the index as its columns stand in f, and END where it comes to stand. */
static uint8_t *build(const struct file *f, size_t *size_bytes)
{
    uint8_t *data = calloc(1, f->size_bytes + (size_t)10 * COLUMNS * MAX_ENTRIES + 1024);
    assert_non_null(data);
    memcpy(data, f->data, f->index->offset + HEADER_BYTES);
    uint8_t *index = data + f->index->offset;
    size_t payload_bytes = put_index(f, index + HEADER_BYTES);
    repair(index, payload_bytes);
    uint8_t *end = index + HEADER_BYTES + payload_bytes;
    memcpy(end, f->data + f->end->offset, f->end->size_bytes);
    store(end + f->end->size_bytes - 16, (uint64_t)(end - data), 8);
    repair(end, f->end->size_bytes - HEADER_BYTES);
    *size_bytes = (size_t)(end - data) + f->end->size_bytes;
    return data;
}

static bool by_index(const struct file *f)
{
    size_t size_bytes;
    uint8_t *data = build(f, &size_bytes);
    bool used = reads_by_index(data, size_bytes, &f->whole, FROM, TO);
    free(data);
    return used;
}

/* What nobody can know without looking at chunks that the range does not need: of a session's metadata or threads in an epoch
 * without a sample in the range, that there are any. */
static bool cannot_be_known(const struct file *f, unsigned column, size_t i)
{
    bool used = false;
    for (size_t k = 0; k < f->entries; k++) {
        used =
            used || (f->columns[2][k] == WALKED_SAMPLES && f->columns[3][k] == f->columns[3][i] &&
                     f->columns[5][k] < TO && f->columns[6][k] >= FROM);
    }
    return column == 2 && !used &&
           (f->columns[2][i] == WALKED_META || f->columns[2][i] == WALKED_THREADS);
}

static void test_an_index_built_here_is_used(void **state)
{
    (void)state;
    struct file f = make();
    assert_true(f.columns[3][f.entries - 1] > 3); /* epochs */
    assert_true(by_index(&f));
    forget(&f);
}

static void test_each_field_of_each_entry(void **state)
{
    (void)state;
    static const uint64_t changes[] = {
        1,    0 - UINT64_C(1),   0 - (uint64_t)BLOCK, /* no samples */
        1000, UINT64_C(1) << 32, UINT64_C(1) << 63};
    struct file f = make();
    size_t refused = 0;
    for (unsigned c = 0; c < COLUMNS; c++) {
        for (size_t i = 0; i < f.entries; i++) {
            for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
                uint64_t right = f.columns[c][i];
                if (cannot_be_known(&f, c, i) || ((c == 5 || c == 6) && k > 1)) {
                    continue;
                }
                f.columns[c][i] += changes[k];
                refused += !by_index(&f);
                f.columns[c][i] = right;
            }
        }
    }
    assert_true(refused > f.entries * COLUMNS); /* most of it was seen */
    forget(&f);
}

/* Every kind in place of every other. */
static void test_each_kind(void **state)
{
    (void)state;
    struct file f = make();
    for (size_t i = 0; i < f.entries; i++) {
        uint64_t right = f.columns[2][i];
        for (uint64_t kind = 0; kind < 20; kind++) {
            if (!cannot_be_known(&f, 2, i)) {
                f.columns[2][i] = kind;
                (void)by_index(&f);
            }
        }
        f.columns[2][i] = right;
    }
    forget(&f);
}

/* An entry that is missing, or there twice. */
static void test_entries_too_few_and_too_many(void **state)
{
    (void)state;
    struct file f = make();
    struct file wrong = f;
    for (size_t i = 0; i < f.entries; i++) {
        for (unsigned c = 0; c < COLUMNS; c++) {
            memmove(&wrong.columns[c][i], &f.columns[c][i + 1],
                    (f.entries - i - 1) * sizeof(uint64_t));
        }
        wrong.entries = f.entries - 1;
        size_t size_bytes;
        uint8_t *data = build(&wrong, &size_bytes);
        store(data + f.index->offset + HEADER_BYTES + 8, wrong.entries, 4);
        repair(data + f.index->offset,
               size_bytes - f.end->size_bytes - f.index->offset - HEADER_BYTES);
        assert_false(reads_by_index(data, size_bytes, &f.whole, FROM, TO));
        free(data);
        memcpy(wrong.columns, f.columns, sizeof f.columns);
    }
    forget(&f);
}

/* The fields before the columns, and END's two offsets. */
static void test_fixed_fields(void **state)
{
    (void)state;
    static const uint64_t changes[] = {1, 0 - UINT64_C(1), 64, UINT64_C(1) << 20,
                                       UINT64_C(1) << 63};
    struct file f = make();
    const size_t index = f.index->offset + HEADER_BYTES;
    const size_t end = f.size_bytes - 16;
    const size_t fields[] = {index, index + 8, index + 16, index + 24, end, end + 8};
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
        for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
            uint8_t *data = malloc(f.size_bytes);
            assert_non_null(data);
            memcpy(data, f.data, f.size_bytes);
            uint64_t value = 0;
            size_t width = fields[k] == index + 8 ? 4 : 8; /* the count */
            memcpy(&value, data + fields[k], width);
            store(data + fields[k], value + changes[c], width);
            repair(data + f.index->offset, f.index->size_bytes - HEADER_BYTES);
            repair(data + f.end->offset, f.end->size_bytes - HEADER_BYTES);
            struct counting counting = {.data = data, .size_bytes = f.size_bytes};
            const struct vmpf_reader_options options = range_options(FROM, TO);
            struct seen got = read_counting(&counting, &options);
            check_range(&f.whole, &got, FROM, TO);
            bool same = memcmp(data, f.data, f.size_bytes) == 0; /* 2^63 does not fit the count */
            assert_true(same || counting.reads > 1);
            seen_free(&got);
            free(data);
        }
    }
    forget(&f);
}

/* The headers of the chunks that are visited, made wrong in each field with a right checksum: whatever the whole reading makes of such
 * a file, a range of it is the same. */
static void test_headers_of_chunks(void **state)
{
    (void)state;
    static const size_t fields[] = {4, 16, 20, 32, 40}; /* kind, number, epoch, time span */
    struct file f = make();
    size_t refused = 0;
    for (size_t i = 0; i + 2 < f.walked.count; i++) {
        const struct walked_chunk *chunk = &f.walked.chunks[i];
        bool table = chunk->kind >= WALKED_STRINGS && chunk->kind <= WALKED_THREADS;
        if (!(table || chunk->kind == WALKED_META ||
              (chunk->begin_ns < TO && chunk->end_ns >= FROM))) {
            continue;
        }
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
            uint8_t *header = f.data + chunk->offset;
            uint8_t right[HEADER_BYTES];
            memcpy(right, header, sizeof right);
            header[fields[k]] ^= 64;
            repair(header, chunk->size_bytes - HEADER_BYTES);
            struct counting whole_counting = {.data = f.data, .size_bytes = f.size_bytes};
            struct vmpf_reader_options all = range_options(0, UINT64_MAX);
            all.skip_columns = VMPF_COLUMN_FLAGS;
            whole_counting.refuses_read_at = true;
            struct seen whole = read_counting(&whole_counting, &all);
            struct counting counting = {.data = f.data, .size_bytes = f.size_bytes};
            const struct vmpf_reader_options options = range_options(FROM, TO);
            struct seen got = read_counting(&counting, &options);
            bool by_index = counting.reads == 1 && got.status == VMPF_END;
            assert_true(!by_index ||
                        chunk->kind != WALKED_SAMPLES); /* a table that is not needed */
            check_range(by_index ? &f.whole : &whole, &got, FROM, TO);
            refused += !by_index;
            seen_free(&whole);
            seen_free(&got);
            memcpy(header, right, sizeof right);
        }
    }
    assert_true(refused > 20);
    forget(&f);
}

/* A payload that is damaged: its chunk is lost, as it is to who reads everything, and all others are there. */
static void test_damaged_payloads(void **state)
{
    (void)state;
    struct file f = make();
    size_t damaged = 0;
    for (size_t i = 0; i + 2 < f.walked.count; i++) {
        const struct walked_chunk *chunk = &f.walked.chunks[i];
        f.data[chunk->offset + chunk->size_bytes - 1] ^= 1;
        struct counting whole_counting = {.data = f.data, .size_bytes = f.size_bytes};
        struct seen whole = read_counting(&whole_counting, NULL);
        struct counting counting = {.data = f.data, .size_bytes = f.size_bytes};
        const struct vmpf_reader_options options = range_options(FROM, TO);
        struct seen got = read_counting(&counting, &options);
        assert_int_equal(counting.reads, 1);
        if (got.damage.bad_chunks > 0) {
            assert_true(got.damage.damaged);
            check_range(&whole, &got, FROM, TO);
            damaged++;
        } else {
            check_range(&f.whole, &got, FROM, TO); /* not needed */
        }
        seen_free(&whole);
        seen_free(&got);
        f.data[chunk->offset + chunk->size_bytes - 1] ^= 1;
    }
    assert_true(damaged > 5);
    forget(&f);
}

/* An END as older writers wrote it, without the two offsets. */
static void test_end_without_offsets(void **state)
{
    (void)state;
    struct file f = make();
    uint8_t *data = malloc(f.size_bytes);
    assert_non_null(data);
    memcpy(data, f.data, f.size_bytes);
    repair(data + f.end->offset, f.end->size_bytes - HEADER_BYTES - 16);
    assert_false(reads_by_index(data, f.size_bytes - 16, &f.whole, FROM, TO));
    for (size_t left = 1; left < 16; left++) { /* one of them, or a piece, is no END [F-6-2] */
        memcpy(data, f.data, f.size_bytes);
        repair(data + f.end->offset, f.end->size_bytes - HEADER_BYTES - left);
        struct counting counting = {.data = data, .size_bytes = f.size_bytes - left};
        struct seen got = read_counting(&counting, NULL);
        assert_int_equal(got.count, SAMPLES);
        assert_int_equal(got.damage.bad_chunks, 1);
        assert_true(got.damage.unfinished);
        seen_free(&got);
    }
    free(data);
    forget(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_index_built_here_is_used),
        cmocka_unit_test(test_each_field_of_each_entry),
        cmocka_unit_test(test_each_kind),
        cmocka_unit_test(test_entries_too_few_and_too_many),
        cmocka_unit_test(test_fixed_fields),
        cmocka_unit_test(test_headers_of_chunks),
        cmocka_unit_test(test_damaged_payloads),
        cmocka_unit_test(test_end_without_offsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
