/* The journal: rows that were published are never lost, and never read twice (spec section 7). */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/producer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAPACITY ((size_t)65536)

struct recording {
    int fd;
    vmpf_writer *w;
    struct vmpf_journal *journal;
};

static void start(struct recording *out, int fd, uint32_t block_samples)
{
    struct vmpf_sink sink;
    const struct vmpf_writer_options options = fixed_options(block_samples);
    const struct vmpf_string values[] = {TEXT("cpu:ns")};
    out->fd = fd;
    assert_int_equal(vmpf_sink_open_fd(&sink, fd, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&out->w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_list(out->w, VMPF_META_VALUES, values, 1, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_integer(out->w, VMPF_META_PROCESS_ID, 77, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_journal_open(out->w, CAPACITY, &out->journal, NULL), VMPF_OK);
}

static int unnamed_file_opened(int flags)
{
    char path[64];
    int fd = unnamed_file();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, flags);
    assert_true(again >= 0);
    assert_int_equal(close(fd), 0);
    return again;
}

/* What the file holds now, as another process would see it. */
static struct reading read_fd(int fd)
{
    char path[64];
    struct stat info;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int reading_fd = open(path, O_RDONLY);
    assert_true(reading_fd >= 0);
    assert_int_equal(fstat(reading_fd, &info), 0);
    uint8_t *data = malloc((size_t)info.st_size + 1);
    assert_non_null(data);
    assert_int_equal(pread(reading_fd, data, (size_t)info.st_size, 0), info.st_size);
    struct reading got = read_all(data, (size_t)info.st_size);
    free(data);
    assert_int_equal(close(reading_fd), 0);
    return got;
}

static void produce_some(struct recording *recording, uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < from + count; i++) {
        const uint32_t codes[] = {2, 1};
        assert_true(produce_sample(recording->journal, i * UINT64_C(1000), 5, 10, codes, 1 + i % 2,
                                   PUBLISH_WHOLE));
    }
}

static void produce_codes(struct recording *recording)
{
    assert_true(produce_code(recording->journal, 1, "outer", "prog.py", 3, 0x1000));
    assert_true(produce_code(recording->journal, 2, "inner", "prog.py", 9, 0x2000));
}

static void test_rows_survive_without_any_flush(void **state)
{
    (void)state;
    struct recording recording;
    start(&recording, unnamed_file_opened(O_WRONLY), 0);
    produce_codes(&recording);
    produce_some(&recording, 0, 100);
    struct reading got = read_fd(recording.fd);
    assert_int_equal(got.status, VMPF_OK);
    assert_int_equal(got.samples, 100);
    assert_int_equal(got.weight, 1000);
    assert_string_equal(got.leaf, "inner");
    assert_int_equal(got.leaf_line, 9);
    assert_int_equal(got.depth, 2);
    assert_true(got.damage.unfinished);
    assert_int_equal(got.damage.lost_samples, 0);
    vmpf_writer_abandon(recording.w);
    assert_int_equal(close(recording.fd), 0);
}

/* At every moment between two drains the file holds each sample once: in a chunk or in the journal. */
static void test_nothing_lost_nothing_twice(void **state)
{
    (void)state;
    struct recording recording;
    start(&recording, unnamed_file_opened(O_RDWR), 300);
    produce_codes(&recording);
    uint32_t produced = 0;
    for (int round = 0; round < 60; round++) {
        produce_some(&recording, produced, 97);
        produced += 97;
        assert_int_equal(vmpf_writer_drain(recording.w, NULL), VMPF_OK);
        struct reading got = read_fd(recording.fd);
        assert_int_equal(got.samples, produced);
        assert_int_equal(got.lost_names, 0);
        assert_int_equal(got.damage.lost_samples, 0);
        assert_int_equal(got.damage.unknown_names, 0);
    }
    assert_int_equal(vmpf_writer_close(recording.w, 123456, NULL), VMPF_OK);
    struct reading got = read_fd(recording.fd);
    assert_int_equal(got.samples, produced);
    assert_false(got.damage.damaged);
    assert_int_equal(got.sessions, 1);
    assert_int_equal(close(recording.fd), 0);
}

static void test_close_leaves_no_journal_behind(void **state)
{
    (void)state;
    struct recording recording;
    struct stat info;
    start(&recording, unnamed_file_opened(O_WRONLY), 0);
    produce_codes(&recording);
    produce_some(&recording, 0, 50);
    assert_int_equal(vmpf_writer_close(recording.w, 1, NULL), VMPF_OK);
    assert_int_equal(fstat(recording.fd, &info), 0);
    assert_true(info.st_size < 4096);
    assert_int_equal(lseek(recording.fd, 0, SEEK_CUR), info.st_size);
    assert_int_equal(close(recording.fd), 0);
}

static void test_rows_that_were_being_written(void **state)
{
    (void)state;
    struct recording recording;
    const uint32_t codes[] = {1};
    start(&recording, unnamed_file_opened(O_RDWR), 0);
    produce_codes(&recording);
    produce_some(&recording, 0, 10);
    assert_true(produce_sample(recording.journal, 1, 5, 10, codes, 1, PUBLISH_RESERVED));
    produce_some(&recording, 10, 5);
    assert_true(produce_sample(recording.journal, 1, 5, 10, codes, 1, PUBLISH_NOTHING));
    produce_some(&recording, 15, 5);
    struct reading got = read_fd(recording.fd);
    assert_int_equal(got.samples, 20);
    assert_int_equal(got.damage.lost_samples, 1);
    /* The drain waits for a row that may still be published, and takes the rest at the end. */
    assert_int_equal(vmpf_writer_drain(recording.w, NULL), VMPF_OK);
    struct vmpf_writer_stats stats;
    vmpf_writer_stats(recording.w, &stats);
    assert_int_equal(stats.samples, 10);
    assert_int_equal(vmpf_writer_close(recording.w, 1, NULL), VMPF_OK);
    got = read_fd(recording.fd);
    assert_int_equal(got.samples, 20);
    assert_int_equal(got.lost_samples, 1);
    assert_int_equal(close(recording.fd), 0);
}

static void test_full_ring_counts(void **state)
{
    (void)state;
    struct recording recording;
    const uint32_t codes[] = {1};
    start(&recording, unnamed_file_opened(O_RDWR), 0);
    produce_codes(&recording);
    uint64_t kept = 0;
    for (int i = 0; i < 5000; i++) {
        kept += produce_sample(recording.journal, 1, 5, 10, codes, 1, PUBLISH_WHOLE);
    }
    assert_true(kept < 5000);
    struct reading got = read_fd(recording.fd);
    assert_int_equal(got.samples, kept);
    assert_int_equal(got.lost_samples, 5000 - kept);
    assert_int_equal(vmpf_writer_close(recording.w, 1, NULL), VMPF_OK);
    got = read_fd(recording.fd);
    assert_int_equal(got.samples, kept);
    assert_int_equal(got.lost_samples, 5000 - kept);
    assert_int_equal(close(recording.fd), 0);
}

static void test_pipe_gets_the_same(void **state)
{
    (void)state;
    struct recording recording;
    struct vmpf_writer_stats stats;
    int ends[2];
    uint8_t data[65536];
    assert_int_equal(pipe(ends), 0);
    start(&recording, ends[1], 0);
    produce_codes(&recording);
    for (uint32_t round = 0; round < 5; round++) {
        produce_some(&recording, round * 10, 10);
        assert_int_equal(vmpf_writer_drain(recording.w, NULL), VMPF_OK);
    }
    vmpf_writer_stats(recording.w, &stats);
    assert_false(stats.journal_mapped);
    assert_int_equal(vmpf_writer_close(recording.w, 1, NULL), VMPF_OK);
    assert_int_equal(close(ends[1]), 0);
    size_t size = 0;
    ssize_t got_bytes;
    while ((got_bytes = read(ends[0], data + size, sizeof data - size)) > 0) {
        size += (size_t)got_bytes;
    }
    struct reading got = read_all(data, size);
    assert_int_equal(got.samples, 50);
    assert_false(got.damage.damaged);
    assert_int_equal(close(ends[0]), 0);
}

static void test_file_that_has_something_already(void **state)
{
    (void)state;
    struct recording recording;
    struct stat info;
    uint8_t data[8192];
    int fd = unnamed_file_opened(O_RDWR);
    assert_int_equal(write(fd, "abc", 3), 3);
    start(&recording, fd, 0);
    produce_codes(&recording);
    produce_some(&recording, 0, 20);
    assert_int_equal(vmpf_writer_drain(recording.w, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_close(recording.w, 1, NULL), VMPF_OK);
    assert_int_equal(fstat(fd, &info), 0);
    assert_true((size_t)info.st_size < sizeof data);
    assert_int_equal(pread(fd, data, sizeof data, 0), info.st_size);
    assert_memory_equal(data, "abc", 3);
    struct reading got = read_all(data + 3, (size_t)info.st_size - 3);
    assert_int_equal(got.samples, 20);
    assert_false(got.damage.damaged);
    assert_int_equal(close(fd), 0);
}

/* Somebody else opened the file with O_TRUNC: it is theirs now, and not written to any more. */
static void test_file_that_was_cut(void **state)
{
    (void)state;
    struct recording recording;
    struct vmpf_error error;
    struct stat info;
    start(&recording, unnamed_file_opened(O_RDWR), 16);
    assert_int_equal(ftruncate(recording.fd, 100), 0);
    assert_int_equal(vmpf_writer_meta_string(recording.w, "note", TEXT("x"), NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_flush(recording.w, &error), VMPF_E_IO);
    assert_int_equal(error.sys_errno, ESTALE);
    assert_int_equal(fstat(recording.fd, &info), 0);
    assert_int_equal(info.st_size, 100);
    vmpf_writer_abandon(recording.w);
    assert_int_equal(close(recording.fd), 0);
}

static void test_descriptors_that_cannot_be_written(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    struct vmpf_error error;
    int fd = unnamed_file_opened(O_RDONLY);
    assert_int_equal(vmpf_sink_open_fd(&sink, fd, &error), VMPF_E_IO);
    assert_non_null(strstr(error.message, "not open for writing"));
    assert_int_equal(close(fd), 0);
    assert_int_equal(vmpf_sink_open_fd(&sink, fd, &error), VMPF_E_IO);
    assert_non_null(strstr(error.message, "not open"));
}

/* Killed between the write of a chunk and the release of its rows: they stand in both, and count once. */
static void test_rows_in_a_chunk_and_in_the_journal(void **state)
{
    (void)state;
    struct recording recording;
    start(&recording, unnamed_file_opened(O_RDWR), 0);
    produce_codes(&recording);
    produce_some(&recording, 0, 40);
    assert_int_equal(vmpf_writer_drain(recording.w, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_flush(recording.w, NULL), VMPF_OK);
    assert_int_equal(atomic_load(&recording.journal->tail), 0);
    produce_some(&recording, 40, 3);
    struct reading got = read_fd(recording.fd);
    assert_int_equal(got.samples, 43);
    assert_int_equal(got.weight, 430);
    assert_int_equal(got.damage.bad_chunks, 0);
    vmpf_writer_abandon(recording.w);
    assert_int_equal(close(recording.fd), 0);
}

/* On its second lap the ring holds no remains of the first [F-7.3-3]. */
static void test_second_lap_is_clean(void **state)
{
    (void)state;
    struct recording recording;
    const uint32_t codes[] = {1};
    start(&recording, unnamed_file_opened(O_RDWR), 100);
    produce_codes(&recording);
    uint32_t produced = 0;
    while (atomic_load(&recording.journal->head) < 3 * CAPACITY / 2) {
        produce_some(&recording, produced, 100);
        produced += 100;
        assert_int_equal(vmpf_writer_drain(recording.w, NULL), VMPF_OK);
    }
    for (int i = 0; i < 20; i++) {
        assert_true(produce_sample(recording.journal, 1, 5, 10, codes, 1, PUBLISH_NOTHING));
        produce_some(&recording, produced++, 1);
    }
    struct reading got = read_fd(recording.fd);
    assert_int_equal(got.samples, produced);
    assert_int_equal(got.damage.lost_samples, 0);
    vmpf_writer_abandon(recording.w);
    assert_int_equal(close(recording.fd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_survive_without_any_flush),
        cmocka_unit_test(test_nothing_lost_nothing_twice),
        cmocka_unit_test(test_close_leaves_no_journal_behind),
        cmocka_unit_test(test_rows_that_were_being_written),
        cmocka_unit_test(test_full_ring_counts),
        cmocka_unit_test(test_rows_in_a_chunk_and_in_the_journal),
        cmocka_unit_test(test_second_lap_is_clean),
        cmocka_unit_test(test_pipe_gets_the_same),
        cmocka_unit_test(test_file_that_has_something_already),
        cmocka_unit_test(test_file_that_was_cut),
        cmocka_unit_test(test_descriptors_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
