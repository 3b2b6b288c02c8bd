/* What is written is read again: values, tables, threads, metadata, blocks, epochs, sessions. */
#include "tests/unit/fmt/fixture.h"

#include <stdlib.h>
#include <string.h>

static void test_samples_come_back(void **state)
{
    (void)state;
    static const uint64_t counts[] = {0, 1, 2, 99, 100, 101, 5000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint8_t *data;
        size_t size;
        make_profile(counts[i], 100, &data, &size);
        struct reading got = read_all(data, size);
        assert_int_equal(got.status, VMPF_OK);
        assert_int_equal(got.samples, counts[i]);
        assert_int_equal(got.weight, counts[i] == 0 ? 0 : weight_of(counts[i]));
        assert_false(got.damage.damaged);
        free(data);
    }
}

static void test_block_size_changes_nothing(void **state)
{
    (void)state;
    uint8_t *data[2];
    size_t size[2];
    make_profile(3000, 7, &data[0], &size[0]);
    make_profile(3000, 16384, &data[1], &size[1]);
    assert_int_equal(read_all(data[0], size[0]).digest, read_all(data[1], size[1]).digest);
    free(data[0]);
    free(data[1]);
}

static void test_same_input_same_bytes(void **state)
{
    (void)state;
    uint8_t *data[2];
    size_t size[2];
    make_profile(1000, 64, &data[0], &size[0]);
    make_profile(1000, 64, &data[1], &size[1]);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(data[0], data[1], size[0]);
    free(data[0]);
    free(data[1]);
}

static void test_concatenation_is_a_profile(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size;
    make_profile(500, 64, &data, &size);
    uint8_t *both = malloc(2 * size);
    assert_non_null(both);
    memcpy(both, data, size);
    memcpy(both + size, data, size);
    struct reading got = read_all(both, 2 * size);
    assert_int_equal(got.status, VMPF_OK);
    assert_int_equal(got.sessions, 2);
    assert_int_equal(got.samples, 1000);
    assert_int_equal(got.weight, 2 * weight_of(500));
    assert_false(got.damage.damaged);
    free(both);
    free(data);
}

static void test_epochs_bound_the_dictionary(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    vmpf_writer *w;
    struct vmpf_writer_options options = fixed_options(50);
    options.epoch_max_nodes = 1;
    assert_int_equal(vmpf_sink_open_memory(&sink, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    write_samples(w, 1000);
    assert_true(vmpf_writer_epoch(w) > 10);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    size_t size;
    const void *data = vmpf_sink_memory(&sink, &size);
    struct reading got = read_all(data, size);
    uint8_t *one_epoch;
    size_t one_epoch_size;
    make_profile(1000, 16384, &one_epoch, &one_epoch_size);
    assert_int_equal(got.samples, 1000);
    assert_int_equal(got.damage.unknown_names, 0);
    assert_true(got.damage.unfinished);
    assert_int_equal(got.digest, read_all(one_epoch, one_epoch_size).digest);
    free(one_epoch);
    assert_int_equal(vmpf_writer_close(w, 1, NULL), VMPF_OK);
}

static void test_metadata_and_threads(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    struct vmpf_source source;
    vmpf_writer *w;
    vmpf_reader *r;
    struct vmpf_block block;
    size_t size;
    const struct vmpf_writer_options options = fixed_options(0);
    const struct vmpf_string arguments[] = {TEXT("-v"), TEXT(""), TEXT("x y")};
    assert_int_equal(vmpf_sink_open_memory(&sink, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_integer(w, VMPF_META_PERIOD_NS, 4000000, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_integer(w, VMPF_META_PERIOD_NS, UINT64_MAX, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_list(w, VMPF_META_ARGUMENTS, arguments, 3, NULL), VMPF_OK);
    uint32_t id;
    struct vmpf_thread thread = {.process_id = 1, .thread_id = 7, .name = TEXT("old")};
    assert_int_equal(vmpf_writer_thread(w, &thread, &id, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    thread.name = TEXT("renamed");
    assert_int_equal(vmpf_writer_thread(w, &thread, &id, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    const void *data = vmpf_sink_memory(&sink, &size);
    assert_int_equal(vmpf_source_open_memory(&source, data, size, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_END);
    const struct vmpf_info *info = vmpf_reader_info(r, 0);
    assert_int_equal(info->start_unix_ns, 1700000000000000000);
    assert_true(vmpf_info_meta(info, VMPF_META_PERIOD_NS)->integer == UINT64_MAX);
    const struct vmpf_meta *list = vmpf_info_meta(info, VMPF_META_ARGUMENTS);
    assert_int_equal(list->item_count, 3);
    assert_memory_equal(list->items[2].data, "x y", 3);
    assert_null(vmpf_info_meta(info, "nothing of the kind"));
    assert_int_equal(vmpf_reader_thread_count(r), 1);
    assert_memory_equal(vmpf_reader_thread(r, 0).name.data, "renamed", 7);
    vmpf_reader_close(r);
    assert_int_equal(vmpf_writer_close(w, 0, NULL), VMPF_OK);
}

static void test_addresses_are_unique(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    vmpf_writer *w;
    uint32_t ids[3];
    const struct vmpf_writer_options options = fixed_options(0);
    struct vmpf_function function = {
        .name = TEXT("a"), .file = TEXT("f"), .first_line = 1, .address = 0x1000};
    assert_int_equal(vmpf_sink_open_memory(&sink, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_function(w, &function, &ids[0], NULL), VMPF_OK);
    function.name = TEXT("b"); /* memory used again */
    assert_int_equal(vmpf_writer_function(w, &function, &ids[1], NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_function(w, &function, &ids[2], NULL), VMPF_OK);
    assert_int_not_equal(ids[0], ids[1]);
    assert_int_equal(ids[1], ids[2]);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    size_t size;
    const void *data = vmpf_sink_memory(&sink, &size);
    assert_int_equal(vmpf_source_open_memory(&source, data, size, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_END);
    assert_int_equal(vmpf_reader_function(r, 2).address, 0x1000);
    assert_int_equal(vmpf_reader_function(r, 3).address, 0x1001);
    vmpf_reader_close(r);
    vmpf_writer_abandon(w);
}

static void test_misuse_changes_nothing(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    vmpf_writer *w;
    uint32_t id;
    struct vmpf_error error;
    const struct vmpf_writer_options options = fixed_options(0);
    const struct vmpf_sample sample = {.stack = 5};
    assert_int_equal(vmpf_sink_open_memory(&sink, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_sample(w, &sample, &error), VMPF_E_ARG);
    assert_int_equal(vmpf_writer_location(w, 9, 1, &id, &error), VMPF_E_ARG);
    assert_int_equal(vmpf_writer_stack(w, 3, 0, &id, &error), VMPF_E_ARG);
    struct vmpf_writer_stats stats;
    vmpf_writer_stats(w, &stats);
    assert_int_equal(stats.samples, 0);
    assert_int_equal(vmpf_writer_close(w, 0, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_close(NULL, 0, NULL), VMPF_OK);
    vmpf_reader_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_come_back),
        cmocka_unit_test(test_block_size_changes_nothing),
        cmocka_unit_test(test_same_input_same_bytes),
        cmocka_unit_test(test_concatenation_is_a_profile),
        cmocka_unit_test(test_epochs_bound_the_dictionary),
        cmocka_unit_test(test_metadata_and_threads),
        cmocka_unit_test(test_addresses_are_unique),
        cmocka_unit_test(test_misuse_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
