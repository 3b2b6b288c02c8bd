/* What is missing is named by its rule and its place; what is refused leaves nothing behind. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/handmade.h"

#include <string.h>

#define STRINGS 2
#define STACKS 5
#define THREADS 6
#define SAMPLES 7
#define LABELS 15
#define PLAIN 1
#define RUNS 3
#define CRITICAL 1
#define MAX_DEPTH 1048576u

static vmpf_reader *read_file(const struct handmade *file)
{
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    assert_int_equal(vmpf_source_open_memory(&source, file->bytes, file->size, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
    }
    return r;
}

static void expect_first(const vmpf_reader *r, const char *rule, size_t offset)
{
    const struct vmpf_error *first = &vmpf_reader_damage(r)->first;
    assert_string_equal(first->rule, rule);
    assert_int_equal(first->offset, offset);
    assert_int_equal(first->status, VMPF_E_CORRUPT);
    assert_true(first->message[0] != '\0');
}

/* The gap stands before the sample that uses what is missing, and is what is told. */
static void test_the_first_in_the_file_is_named(void **state)
{
    (void)state;
    static const struct handmade_column strings[] = {{1, PLAIN, 1, {1}}, {2, 0, 1, {'k'}}};
    static const struct handmade_column thread[] = {{1, PLAIN, 1, {9}}};
    static const struct handmade_column sample[] = {
        {1, PLAIN, 1, {5}}, {2, PLAIN, 1, {0}}, {3, PLAIN, 1, {1}}, {16, PLAIN, 1, {1}}};
    struct handmade file = {.size = 0};
    handmade_begin(&file);
    handmade_columns(&file, STRINGS, CRITICAL, 1, 1, strings, 2);
    handmade_columns(&file, THREADS, CRITICAL, 0, 1, thread, 1);
    size_t gap = file.size;
    handmade_columns(&file, STRINGS, CRITICAL, 4, 1, strings, 2);
    handmade_columns(&file, SAMPLES, CRITICAL, 3, 1, sample, 4);
    vmpf_reader *r = read_file(&file);
    expect_first(r, "F-5.2-1", gap + HANDMADE_HEADER_BYTES);
    assert_int_equal(vmpf_reader_damage(r)->unknown_names, 2 + 1);
    assert_int_equal(vmpf_reader_damage(r)->lost_samples, 3);
    vmpf_reader_close(r);
    /* Samples that are missing come before what one of the next lacks. */
    struct handmade other = {.size = 0};
    handmade_begin(&other);
    handmade_columns(&other, THREADS, CRITICAL, 0, 1, thread, 1);
    gap = other.size;
    handmade_columns(&other, SAMPLES, CRITICAL, 3, 1, sample, 4);
    r = read_file(&other);
    expect_first(r, "F-5.6-1", gap + HANDMADE_HEADER_BYTES);
    vmpf_reader_close(r);
}

/* A path of 1,048,576 nodes; then two entries below its end, behind a gap of five; then one that is in order. */
static void test_a_gap_goes_with_what_is_too_deep(void **state)
{
    (void)state;
    /* Runs: the value, and 1,048,575 more of it. */
    static const struct handmade_column whole[] = {{1, RUNS, 4, {1, 0xFF, 0xFF, 0x3F}},
                                                   {2, RUNS, 4, {0, 0xFF, 0xFF, 0x3F}}};
    static const struct handmade_column deep[] = {{1, PLAIN, 2, {6, 1}}, {2, PLAIN, 2, {0, 0}}};
    static const struct handmade_column fits[] = {{1, PLAIN, 1, {2}}, {2, PLAIN, 1, {0}}};
    static const struct {
        uint16_t kind, flags;
    } trees[] = {{STACKS, CRITICAL}, {LABELS, 0}};
    for (size_t i = 0; i < 2; i++) {
        struct handmade file = {.size = 0};
        handmade_begin(&file);
        handmade_columns(&file, trees[i].kind, trees[i].flags, 1, MAX_DEPTH, whole, 2);
        handmade_columns(&file, trees[i].kind, trees[i].flags, MAX_DEPTH + 6, 2, deep, 2);
        handmade_columns(&file, trees[i].kind, trees[i].flags, MAX_DEPTH + 1, 1, fits, 2);
        vmpf_reader *r = read_file(&file);
        const struct vmpf_damage *damage = vmpf_reader_damage(r);
        uint32_t count =
            trees[i].kind == STACKS ? vmpf_reader_stack_count(r) : vmpf_reader_label_count(r);
        assert_string_equal(damage->first.rule, "F-5.4-3");
        assert_int_equal(damage->bad_chunks, 1);
        assert_int_equal(damage->unknown_names, 0);
        assert_int_equal(count, 2 + MAX_DEPTH + 1);
        vmpf_reader_close(r);
    }
}

/* ---- threads --------------------------------------------------------------------------------------- */

static const struct handmade_column sample_of_2[] = {
    {1, PLAIN, 1, {0}}, {2, PLAIN, 1, {2}}, {3, PLAIN, 1, {1}}, {16, PLAIN, 1, {1}}};

static void expect_thread(const vmpf_reader *r, uint32_t id, uint64_t thread_id, const char *name)
{
    const struct vmpf_thread thread = vmpf_reader_thread(r, id);
    assert_int_equal(thread.thread_id, thread_id);
    assert_int_equal(thread.name.size_bytes, strlen(name));
    assert_memory_equal(thread.name.data, name, strlen(name));
}

/* The sample of a thread that is not there keeps a thread of its own, whoever comes later. */
static void test_a_lost_thread_takes_no_number(void **state)
{
    (void)state;
    static const struct handmade_column early[] = {{1, PLAIN, 1, {40}}};
    static const struct handmade_column late[] = {{1, PLAIN, 2, {41, 42}}};
    struct handmade file = {.size = 0};
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    uint32_t ids[2];
    handmade_begin(&file);
    handmade_columns(&file, THREADS, CRITICAL, 0, 1, early, 1);
    handmade_columns(&file, SAMPLES, CRITICAL, 0, 1, sample_of_2, 4);
    handmade_columns(&file, THREADS, CRITICAL, 1, 2, late, 1);
    handmade_columns(&file, SAMPLES, CRITICAL, 1, 1, sample_of_2, 4);
    assert_int_equal(vmpf_source_open_memory(&source, file.bytes, file.size, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
        ids[i] = block.thread[0];
    }
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_END);
    assert_int_equal(vmpf_reader_thread_count(r), 4);
    expect_thread(r, ids[0], 0, "<lost>");
    expect_thread(r, ids[1], 42, "");
    assert_string_equal(vmpf_reader_damage(r)->first.rule, "F-5.6-2");
    assert_int_equal(vmpf_reader_damage(r)->bad_chunks, 0);
    vmpf_reader_close(r);
}

/* [F-5.5-1]: threads 0 and 1 are missing; then thread 1 comes after all. */
static void test_a_gap_of_threads_is_filled(void **state)
{
    (void)state;
    static const struct handmade_column third[] = {{1, PLAIN, 1, {42}}};
    static const struct handmade_column second[] = {{1, PLAIN, 1, {41}}};
    struct handmade file = {.size = 0};
    handmade_begin(&file);
    size_t at = file.size;
    handmade_columns(&file, THREADS, CRITICAL, 2, 1, third, 1);
    handmade_columns(&file, SAMPLES, CRITICAL, 0, 1, sample_of_2, 4);
    handmade_columns(&file, THREADS, CRITICAL, 1, 1, second, 1);
    vmpf_reader *r = read_file(&file);
    assert_int_equal(vmpf_reader_thread_count(r), 3);
    expect_thread(r, 0, 0, "<lost>");
    expect_thread(r, 1, 41, "");
    expect_thread(r, 2, 42, "");
    expect_first(r, "F-5.5-1", at + HANDMADE_HEADER_BYTES);
    assert_int_equal(vmpf_reader_damage(r)->unknown_names, 2);
    vmpf_reader_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_in_the_file_is_named),
        cmocka_unit_test(test_a_gap_goes_with_what_is_too_deep),
        cmocka_unit_test(test_a_lost_thread_takes_no_number),
        cmocka_unit_test(test_a_gap_of_threads_is_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
