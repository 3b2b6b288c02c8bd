/* What a writer is given and cannot write is refused at once, and costs nothing of the rest: texts over a limit, more texts than one
 * chunk holds, an output that somebody has cut under its mapping. And how long ids are good. */
#include "tests/unit/fmt/fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmprof/vmpf_journal.h>

#define MAX_TEXT_BYTES ((size_t)16 << 20) /* [F-5.2-6] */
#define LONG_TEXTS 6u /* more than the 64 MiB of a chunk [F-3-3] and a column [F-4-6] */
#define RING_BYTES ((size_t)1 << 16)

static char *long_text(size_t size_bytes)
{
    char *text = malloc(size_bytes);
    assert_non_null(text);
    memset(text, 'x', size_bytes);
    return text;
}

static vmpf_writer *open_writer(struct vmpf_sink *sink, uint32_t epoch_max_nodes)
{
    vmpf_writer *w;
    struct vmpf_writer_options options = fixed_options(0);
    options.epoch_max_nodes = epoch_max_nodes;
    assert_int_equal(vmpf_sink_open_memory(sink, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, *sink, &options, NULL), VMPF_OK);
    return w;
}

/* All that was accepted is in the output. */
static void expect_sound(const struct vmpf_sink *sink, uint64_t samples)
{
    size_t size_bytes;
    const uint8_t *data = vmpf_sink_memory(sink, &size_bytes);
    struct reading reading = read_all(data, size_bytes);
    assert_int_equal(reading.status, VMPF_OK);
    assert_int_equal(reading.samples, samples);
    assert_int_equal(reading.damage.bad_chunks, 0);
    assert_int_equal(reading.damage.lost_samples, 0);
    assert_int_equal(reading.damage.lost_bytes, 0);
}

static void test_metadata(void **state)
{
    (void)state;
    static const char *const keys[LONG_TEXTS] = {"a", "b", "c", "d", "e", "f"};
    char *text = long_text(MAX_TEXT_BYTES + 1);
    const struct vmpf_string most = {.data = text, .size_bytes = MAX_TEXT_BYTES};
    const struct vmpf_string more = {.data = text, .size_bytes = MAX_TEXT_BYTES + 1};
    struct vmpf_sink sink;
    struct vmpf_error error;
    unsigned taken = 0;
    vmpf_writer *w = open_writer(&sink, 0);
    assert_int_equal(vmpf_writer_meta_string(w, "note", more, &error), VMPF_E_LIMIT);
    assert_int_equal(error.status, VMPF_E_LIMIT);
    assert_int_equal(vmpf_writer_meta_list(w, "note", &more, 1, &error), VMPF_E_LIMIT);
    text[MAX_TEXT_BYTES] = '\0';
    assert_int_equal(vmpf_writer_meta_list(w, "note", &most, 1, &error), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_string(w, "note", TEXT("short"), &error), VMPF_OK);
    for (unsigned i = 0; i < LONG_TEXTS; i++) {
        vmpf_status status = vmpf_writer_meta_string(w, keys[i], most, &error);
        assert_true(status == VMPF_OK || status == VMPF_E_LIMIT);
        taken += status == VMPF_OK;
    }
    assert_in_range(taken, 1, LONG_TEXTS - 1);
    write_samples(w, 5);
    assert_int_equal(vmpf_writer_flush(w, &error), VMPF_OK);
    expect_sound(&sink, 5);
    vmpf_writer_abandon(w);
    free(text);
}

static void test_names_of_threads(void **state)
{
    (void)state;
    char *text = long_text(MAX_TEXT_BYTES + 1);
    struct vmpf_sink sink;
    struct vmpf_error error;
    uint32_t id;
    vmpf_writer *w = open_writer(&sink, 0);
    struct vmpf_thread thread = {.process_id = 1, .thread_id = 1000};
    thread.name = (struct vmpf_string){.data = text, .size_bytes = MAX_TEXT_BYTES + 1};
    assert_int_equal(vmpf_writer_thread(w, &thread, &id, &error), VMPF_E_LIMIT);
    for (unsigned i = 0; i < LONG_TEXTS; i++) {
        text[0] = (char)('a' + i);
        thread.thread_id = 1000 + i;
        thread.name.size_bytes = MAX_TEXT_BYTES;
        assert_int_equal(vmpf_writer_thread(w, &thread, &id, &error), VMPF_OK);
    }
    write_samples(w, 5);
    assert_int_equal(vmpf_writer_flush(w, &error), VMPF_OK);
    expect_sound(&sink, 5);
    vmpf_writer_abandon(w);
    free(text);
}

/* Whatever begins an epoch, vmpf_writer_epoch() tells: the ids before are another's then. */
static void test_ids_are_good_for_an_epoch(void **state)
{
    (void)state;
    const uint32_t max_nodes = 2;
    struct vmpf_sink sink;
    vmpf_writer *w = open_writer(&sink, max_nodes);
    const struct vmpf_function function = {.name = TEXT("f")};
    uint32_t id, location, stack = 0;
    assert_int_equal(vmpf_writer_function(w, &function, &id, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_location(w, id, 1, &location, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_epoch(w), 0);
    uint32_t same;
    assert_int_equal(vmpf_writer_function(w, &function, &same, NULL), VMPF_OK);
    assert_int_equal(same, id);
    for (uint32_t i = 0; i < max_nodes + 1; i++) {
        assert_int_equal(vmpf_writer_stack(w, stack, location, &stack, NULL), VMPF_OK);
    }
    assert_int_equal(vmpf_writer_epoch(w), 0);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_epoch(w), 1);
    assert_int_equal(vmpf_writer_stack(w, 0, location, &stack, NULL), VMPF_E_ARG);
    assert_int_equal(vmpf_writer_close(w, 1, NULL), VMPF_OK);
}

/* Without a look at the file first, the next load from the mapping would be a SIGBUS. */
static void test_an_output_that_was_cut(void **state)
{
    (void)state;
    for (int drains = 0; drains < 2; drains++) {
        struct vmpf_sink sink;
        struct vmpf_journal *journal;
        struct vmpf_writer_stats stats;
        struct vmpf_error error = {.status = VMPF_OK};
        vmpf_writer *w;
        const struct vmpf_writer_options options = fixed_options(0);
        int fd = unnamed_file();
        assert_int_equal(vmpf_sink_open_fd(&sink, fd, NULL), VMPF_OK);
        assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
        assert_int_equal(vmpf_writer_journal_open(w, RING_BYTES, &journal, NULL), VMPF_OK);
        vmpf_writer_stats(w, &stats);
        assert_true(stats.journal_mapped);
        assert_int_equal(ftruncate(fd, 0), 0);
        if (drains != 0) {
            assert_int_equal(vmpf_writer_drain(w, &error), VMPF_E_IO);
            assert_int_equal(error.sys_errno, ESTALE);
            vmpf_writer_stats(w, &stats);
            assert_int_equal(vmpf_writer_flush(w, &error), VMPF_E_IO);
        }
        assert_int_equal(vmpf_writer_close(w, 1, &error), VMPF_E_IO);
        assert_int_equal(error.sys_errno, ESTALE);
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_names_of_threads),
        cmocka_unit_test(test_ids_are_good_for_an_epoch),
        cmocka_unit_test(test_an_output_that_was_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
