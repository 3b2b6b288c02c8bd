/* one_epoch: memory for one epoch's tables, and the same samples by name. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/range_reading.h"
#include "tests/unit/fmt/walk.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES 100000u
#define BLOCK 100u
#define STEP UINT64_C(1000003)
#define NODES 40u

static struct seen read_with(const uint8_t *data, size_t size_bytes,
                             const struct vmpf_reader_options *options)
{
    struct counting counting = {.data = data, .size_bytes = size_bytes};
    return read_counting(&counting, options);
}

static void make_two_sessions(uint8_t **data, size_t *size_bytes)
{
    uint8_t *one;
    size_t one_bytes;
    make_epochs(SAMPLES, BLOCK, NODES, &one, &one_bytes);
    *size_bytes = 2 * one_bytes;
    *data = malloc(*size_bytes);
    assert_non_null(*data);
    memcpy(*data, one, one_bytes);
    memcpy(*data + one_bytes, one, one_bytes);
    free(one);
}

static void test_same_samples(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size_bytes;
    make_two_sessions(&data, &size_bytes);
    struct vmpf_reader_options options = range_options(0, 0);
    struct seen whole = read_with(data, size_bytes, &options);
    options.one_epoch = true;
    struct seen got = read_with(data, size_bytes, &options);
    assert_int_equal(check_range(&whole, &got, 0, 0), 2 * SAMPLES);
    assert_false(got.damage.damaged);
    assert_int_equal(whole.epochs, 0);
    assert_true(whole.most_stacks > 100 * NODES);
    assert_true(got.most_stacks < 10 * NODES); /* an epoch ends with the block that fills it */
    seen_free(&got);
    options.from_ns = 5000 * STEP;
    options.to_ns = 9000 * STEP;
    got = read_with(data, size_bytes, &options);
    assert_int_equal(check_range(&whole, &got, options.from_ns, options.to_ns), 2 * 4000);
    assert_true(got.most_stacks < 10 * NODES);
    seen_free(&got);
    seen_free(&whole);
    free(data);
}

/* It grows with each epoch of each session, but for the first. */
static void test_epoch_counts(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size_bytes;
    make_two_sessions(&data, &size_bytes);
    struct walked walked = walk_session(data, size_bytes / 2);
    uint64_t epochs = 0; /* that begin with a table: the last may have none */
    for (size_t i = 0; i < walked.count; i++) {
        epochs = walked.chunks[i].epoch;
    }
    struct vmpf_reader_options options = range_options(0, 0);
    options.one_epoch = true;
    struct seen got = read_with(data, size_bytes, &options);
    assert_int_equal(got.epochs, epochs + 1 + epochs);
    seen_free(&got);
    walk_free(&walked);
    free(data);
}

/* What all epochs' tables do not fit, one's do. */
static void test_memory(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size_bytes;
    make_two_sessions(&data, &size_bytes);
    struct vmpf_reader_options options = range_options(0, 0);
    options.memory_limit_bytes =
        (uint64_t)144 * 1024; /* two pieces of text of 64 KiB, and a few tables */
    struct seen got = read_with(data, size_bytes, &options);
    assert_int_equal(got.status, VMPF_E_LIMIT);
    seen_free(&got);
    options.one_epoch = true;
    got = read_with(data, size_bytes, &options);
    assert_int_equal(got.status, VMPF_END);
    assert_int_equal(got.count, 2 * SAMPLES);
    seen_free(&got);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_samples),
        cmocka_unit_test(test_epoch_counts),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
