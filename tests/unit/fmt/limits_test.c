/* What a writer refuses, since no reader would take it: paths that are too deep, values that are none. */
#include "tests/unit/fmt/fixture.h"

#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf_journal.h>

#define MAX_DEPTH 1048576u /* [F-5.4-3] */
#define RING_BYTES ((size_t)16 << 20)

static vmpf_writer *open_writer(struct vmpf_sink *sink)
{
    vmpf_writer *w;
    const struct vmpf_writer_options options = fixed_options(0);
    assert_int_equal(vmpf_sink_open_memory(sink, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, *sink, &options, NULL), VMPF_OK);
    return w;
}

/* ---- stacks ---------------------------------------------------------------------------------------- */

/* Goes on from `from` by `count` nodes of a location. */
static uint32_t chain(vmpf_writer *w, uint32_t from, uint32_t location, uint32_t count)
{
    uint32_t node = from;
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(vmpf_writer_stack(w, node, location, &node, NULL), VMPF_OK);
    }
    return node;
}

static void expect_full(vmpf_writer *w, uint32_t node, uint32_t location)
{
    struct vmpf_error error = {.status = VMPF_OK};
    uint32_t id = 77;
    assert_int_equal(vmpf_writer_stack(w, node, location, &id, &error), VMPF_E_LIMIT);
    assert_int_equal(error.status, VMPF_E_LIMIT);
    assert_int_equal(id, 77);
}

static void expect_stacks(const struct vmpf_sink *sink, uint32_t count)
{
    struct vmpf_source source;
    struct vmpf_block block;
    vmpf_reader *r;
    size_t size;
    const uint8_t *data = vmpf_sink_memory(sink, &size);
    assert_int_equal(vmpf_source_open_memory(&source, data, size, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_END);
    assert_int_equal(vmpf_reader_stack_count(r), 2 + count);
    assert_int_equal(vmpf_reader_damage(r)->bad_chunks, 0);
    vmpf_reader_close(r);
}

static void test_stacks_are_not_too_deep(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    vmpf_writer *w = open_writer(&sink);
    const struct vmpf_function function = {.name = TEXT("f")};
    uint32_t id;
    uint32_t at[2];
    assert_int_equal(vmpf_writer_function(w, &function, &id, NULL), VMPF_OK);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(vmpf_writer_location(w, id, i, &at[i], NULL), VMPF_OK);
    }
    /* One path of which little is left, beside others that go as deep; none is refused before it is full. */
    uint32_t shallow = chain(w, 0, at[0], 10);
    uint32_t deep = chain(w, shallow, at[1], MAX_DEPTH - 12);
    uint32_t other = chain(w, shallow, at[0], MAX_DEPTH - 10);
    uint32_t leaf = chain(w, deep, at[0], 1);
    uint32_t last = chain(w, leaf, at[0], 1);
    expect_full(w, last, at[0]);
    expect_full(w, other, at[1]);
    expect_full(w, last, at[1]);
    uint32_t twin = chain(w, leaf, at[1], 1);
    expect_full(w, twin, at[0]);
    assert_int_equal(chain(w, 0, at[0], MAX_DEPTH), other); /* what is there is found */
    (void)chain(w, 0, at[1], 3);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    expect_stacks(&sink, 10 + (MAX_DEPTH - 12) + (MAX_DEPTH - 10) + 3 + 3);
    vmpf_writer_abandon(w);
}

/* A row of that many frames, all of code 1. */
static void publish_deep(struct vmpf_journal *journal, uint32_t frame_count)
{
    const struct vmpf_row_sample row = {
        .thread_id = 7, .frame_count = frame_count, .value_count = 1};
    const uint64_t frame = UINT64_C(0xFFFFFFFF00000001);
    const uint64_t weight = 5;
    size_t bytes = sizeof row + 8 + (size_t)frame_count * 8;
    uint64_t head = atomic_load(&journal->head);
    uint8_t *payload = malloc(bytes);
    assert_non_null(payload);
    memcpy(payload, &row, sizeof row);
    memcpy(payload + sizeof row, &weight, 8);
    for (size_t i = 0; i < frame_count; i++) {
        memcpy(payload + sizeof row + 8 + 8 * i, &frame, 8);
    }
    uint64_t check = vmpf_row_check(journal->session_id, head, VMPF_ROW_SAMPLE,
                                    (const uint64_t *)(const void *)payload, (uint32_t)(bytes / 8));
    uint64_t header =
        vmpf_row_header(VMPF_ROW_SAMPLE, (uint32_t)(bytes / 8 + 1), check, VMPF_ROW_COMMITTED);
    uint8_t *at = (uint8_t *)journal + journal->header_size_bytes + head % journal->capacity_bytes;
    assert_true(head % journal->capacity_bytes + 8 + bytes <= journal->capacity_bytes);
    memcpy(at + 8, payload, bytes);
    memcpy(at, &header, 8);
    atomic_store(&journal->head, head + 8 + bytes);
    free(payload);
}

static void test_rows_that_are_too_deep_are_lost(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    struct vmpf_journal *journal;
    struct vmpf_writer_stats stats;
    vmpf_writer *w = open_writer(&sink);
    assert_int_equal(vmpf_writer_journal_open(w, RING_BYTES, &journal, NULL), VMPF_OK);
    publish_deep(journal, MAX_DEPTH + 1);
    assert_int_equal(vmpf_writer_drain(w, NULL), VMPF_OK);
    vmpf_writer_stats(w, &stats);
    assert_int_equal(stats.lost_samples, 1);
    assert_int_equal(stats.samples, 0);
    publish_deep(journal, 3);
    assert_int_equal(vmpf_writer_drain(w, NULL), VMPF_OK);
    vmpf_writer_stats(w, &stats);
    assert_int_equal(stats.lost_samples, 1);
    assert_int_equal(stats.samples, 1);
    vmpf_writer_abandon(w);
}

/* ---- values ---------------------------------------------------------------------------------------- */

static void expect_refused(vmpf_status status, const struct vmpf_error *error)
{
    assert_int_equal(status, VMPF_E_ARG);
    assert_string_equal(error->rule, "F-5.1-4");
}

static void test_values_are_refused_at_once(void **state)
{
    (void)state;
    static const struct vmpf_string wrong[] = {TEXT("cpu"), TEXT(":ns"), TEXT("cpu:"), TEXT("")};
    const struct vmpf_string nine[9] = {TEXT("a:ns"), TEXT("b:ns"), TEXT("c:ns"),
                                        TEXT("d:ns"), TEXT("e:ns"), TEXT("f:ns"),
                                        TEXT("g:ns"), TEXT("h:ns"), TEXT("i:ns")};
    struct vmpf_sink sink;
    struct vmpf_error error;
    vmpf_writer *w = open_writer(&sink);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        expect_refused(vmpf_writer_meta_list(w, "values", &wrong[i], 1, &error), &error);
    }
    expect_refused(vmpf_writer_meta_list(w, "values", nine, 9, &error), &error);
    expect_refused(vmpf_writer_meta_list(w, "values", NULL, 0, &error), &error);
    expect_refused(vmpf_writer_meta_string(w, "values", TEXT("cpu:ns"), &error), &error);
    expect_refused(vmpf_writer_meta_integer(w, "values", 1, &error), &error);
    assert_int_equal(vmpf_writer_meta_list(w, "values", nine, 8, &error), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_list(w, "arguments", wrong, 4, &error), VMPF_OK);
    assert_int_equal(vmpf_writer_close(w, 1, NULL), VMPF_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stacks_are_not_too_deep),
        cmocka_unit_test(test_rows_that_are_too_deep_are_lost),
        cmocka_unit_test(test_values_are_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
