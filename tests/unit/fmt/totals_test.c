/* Totals by stack, held against a full reading that adds samples up by what their stacks are called. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/range_reading.h"

#include <stdlib.h>
#include <string.h>

#define MOST_STACKS 4096u

/* What all samples of one stack come to; a stack is known by a digest of its names and lines. */
struct sum {
    uint64_t stack, samples, value;
};
struct sums {
    struct sum entries[MOST_STACKS];
    size_t count;
    uint64_t samples, pieces, rows;
    vmpf_status status;
    bool damaged;
};

static uint64_t mix(uint64_t digest, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) {
        digest = (digest ^ bytes[i]) * UINT64_C(1099511628211);
    }
    return digest;
}

static uint64_t stack_digest(const vmpf_reader *r, uint32_t stack)
{
    uint64_t digest = UINT64_C(14695981039346656037);
    while (stack != 0) {
        struct vmpf_stack node = vmpf_reader_stack(r, stack);
        struct vmpf_location location = vmpf_reader_location(r, node.location);
        struct vmpf_function function = vmpf_reader_function(r, location.function);
        digest = mix(digest, function.name.data, function.name.size_bytes);
        digest = mix(digest, &location.line, sizeof location.line);
        stack = node.parent;
    }
    return digest;
}

static void add(struct sums *sums, uint64_t stack, uint64_t samples, uint64_t value)
{
    size_t i = 0;
    while (i < sums->count && sums->entries[i].stack != stack) {
        i++;
    }
    assert_true(i < MOST_STACKS);
    sums->count += i == sums->count;
    sums->entries[i].stack = stack;
    sums->entries[i].samples += samples;
    sums->entries[i].value += value;
    sums->samples += samples;
}

static int by_stack(const void *a, const void *b)
{
    const struct sum *left = a;
    const struct sum *right = b;
    return (left->stack > right->stack) - (left->stack < right->stack);
}

static void finish(struct sums *sums, vmpf_reader *r)
{
    qsort(sums->entries, sums->count, sizeof sums->entries[0], by_stack);
    sums->damaged = vmpf_reader_damage(r)->damaged;
    vmpf_reader_close(r);
}

/* Sample by sample: the oracle. */
static struct sums *count_samples(const uint8_t *data, size_t size_bytes)
{
    struct sums *sums = calloc(1, sizeof *sums);
    struct vmpf_source source;
    struct vmpf_block block;
    vmpf_reader *r;
    assert_int_equal(vmpf_source_open_memory(&source, data, size_bytes, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    while ((sums->status = vmpf_reader_next(r, &block, NULL)) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++) {
            add(sums, stack_digest(r, block.stack[i]), 1, block.values[0][i]);
        }
    }
    finish(sums, r);
    return sums;
}

static struct sums *read_totals(struct vmpf_source source,
                                const struct vmpf_reader_options *options)
{
    struct sums *sums = calloc(1, sizeof *sums);
    struct vmpf_totals totals;
    vmpf_reader *r;
    assert_int_equal(vmpf_reader_open(&r, source, options, NULL), VMPF_OK);
    while ((sums->status = vmpf_reader_next_totals(r, &totals, NULL)) == VMPF_OK) {
        sums->pieces++;
        sums->rows += totals.count;
        for (size_t i = 0; i < totals.count; i++) {
            add(sums, stack_digest(r, totals.stack[i]), totals.samples[i], totals.values[0][i]);
        }
    }
    for (size_t i = 0; i < vmpf_reader_session_count(r); i++) {
        assert_true(vmpf_reader_info(r, i)->samples <= sums->samples);
    }
    finish(sums, r);
    return sums;
}

static struct sums *read_totals_of(const uint8_t *data, size_t size_bytes)
{
    const struct vmpf_reader_options options = {.size = sizeof options, .totals = true};
    struct vmpf_source source;
    assert_int_equal(vmpf_source_open_memory(&source, data, size_bytes, NULL), VMPF_OK);
    return read_totals(source, &options);
}

/* Both name the same stacks, with the same samples and weights. */
static void check_equal(const struct sums *expected, const struct sums *got)
{
    assert_int_equal(got->status, expected->status);
    assert_int_equal(got->damaged, expected->damaged);
    assert_int_equal(got->samples, expected->samples);
    assert_int_equal(got->count, expected->count);
    assert_memory_equal(got->entries, expected->entries, got->count * sizeof got->entries[0]);
}

/* Reads both ways and compares. Returns how many rows the totals had. */
static uint64_t check(const uint8_t *data, size_t size_bytes)
{
    struct sums *expected = count_samples(data, size_bytes);
    struct sums *got = read_totals_of(data, size_bytes);
    check_equal(expected, got);
    uint64_t rows = got->rows;
    free(expected);
    free(got);
    return rows;
}

static void test_one_session(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size_bytes;
    make_profile(5000, 512, &data, &size_bytes);
    assert_true(check(data, size_bytes) < 500); /* of distinct stacks, not of samples */
    free(data);
}

static void test_epochs_and_sessions(void **state)
{
    (void)state;
    uint8_t *one;
    uint8_t *other;
    size_t one_bytes;
    size_t other_bytes;
    make_epochs(6000, 200, 40, &one, &one_bytes);
    make_profile(3000, 256, &other, &other_bytes);
    uint8_t *both = malloc(one_bytes + other_bytes);
    memcpy(both, one, one_bytes);
    memcpy(both + one_bytes, other, other_bytes);
    (void)check(one, one_bytes);
    (void)check(both, one_bytes + other_bytes);
    free(both);
    free(one);
    free(other);
}

static int64_t read_forward(void *ctx, void *buffer, size_t size)
{
    struct counting *c = ctx;
    size_t count = c->size_bytes - c->position < size ? c->size_bytes - c->position : size;
    memcpy(buffer, c->data + c->position, count);
    c->position += count;
    return (int64_t)count;
}

static struct vmpf_source source_of(struct counting *counting)
{
    static const struct vmpf_source_ops ops = {.read = read_forward};
    return (struct vmpf_source){.ops = &ops, .ctx = counting};
}

/* Where nothing can be skipped, samples are read, and come to the same. */
static void test_without_seeking_and_in_a_range(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size_bytes;
    make_profile(3000, 256, &data, &size_bytes);
    struct counting pipe = {.data = data, .size_bytes = size_bytes};
    struct vmpf_reader_options options = {.size = sizeof options, .totals = true};
    struct sums *expected = count_samples(data, size_bytes);
    struct sums *got = read_totals(source_of(&pipe), &options);
    check_equal(expected, got);
    assert_int_equal(got->rows, 3000);
    free(got);
    struct vmpf_source source;
    assert_int_equal(vmpf_source_open_memory(&source, data, size_bytes, NULL), VMPF_OK);
    options.to_ns = UINT64_MAX;
    got = read_totals(source, &options);
    check_equal(expected, got);
    free(got);
    free(expected);
    free(data);
}

/* Whatever byte is another: totals are never other than the samples that are still there. */
static void test_every_byte_flipped(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size_bytes;
    make_profile(600, 128, &data, &size_bytes);
    for (size_t at = 0; at < size_bytes; at++) {
        data[at] ^= (uint8_t)(1u << at % 8);
        struct vmpf_source source;
        vmpf_reader *r;
        assert_int_equal(vmpf_source_open_memory(&source, data, size_bytes, NULL), VMPF_OK);
        if (vmpf_reader_open(&r, source, NULL, NULL) == VMPF_OK) {
            vmpf_reader_close(r);
            struct sums *whole = count_samples(data, size_bytes);
            struct sums *got = read_totals_of(data, size_bytes);
            /* Totals may know more: a block that is damaged was not looked at. Never less, and never what was not. */
            assert_true(got->samples >= whole->samples && got->samples <= 600);
            if (got->damaged == whole->damaged && got->samples == whole->samples) {
                assert_int_equal(got->count, whole->count);
            }
            free(whole);
            free(got);
        }
        data[at] ^= (uint8_t)(1u << at % 8);
    }
    for (size_t size = 0; size < size_bytes; size += 7) {
        struct vmpf_source source;
        vmpf_reader *r;
        assert_int_equal(vmpf_source_open_memory(&source, data, size, NULL), VMPF_OK);
        if (vmpf_reader_open(&r, source, NULL, NULL) == VMPF_OK) {
            vmpf_reader_close(r);
            (void)check(data, size);
        }
    }
    free(data);
}

static void test_misuse(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size_bytes;
    make_profile(10, 128, &data, &size_bytes);
    const struct vmpf_reader_options options = {.size = sizeof options, .totals = true};
    struct vmpf_source source;
    struct vmpf_block block;
    struct vmpf_totals totals;
    vmpf_reader *r;
    assert_int_equal(vmpf_source_open_memory(&source, data, size_bytes, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_E_ARG);
    assert_int_equal(vmpf_reader_next_totals(r, NULL, NULL), VMPF_E_ARG);
    assert_int_equal(vmpf_reader_next_totals(r, &totals, NULL), VMPF_OK);
    vmpf_reader_close(r);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_session),
        cmocka_unit_test(test_epochs_and_sessions),
        cmocka_unit_test(test_without_seeking_and_in_a_range),
        cmocka_unit_test(test_every_byte_flipped),
        cmocka_unit_test(test_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
