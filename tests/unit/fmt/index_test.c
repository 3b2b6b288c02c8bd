/* INDEX and END say where the chunks stand in the finished file (spec 5.10, [F-6-2]), whatever kind of output it is and
 * whether its chunks were moved at close [F-7.6-1].
 *
 * The oracle is walk.c, which takes the finished file apart from the spec alone. */
#include "libvmprof_fmt/src/writer/state.h"
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/producer.h"
#include "tests/unit/fmt/walk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAPACITY ((size_t)65536)

struct output {
    vmpf_writer *w;
    struct vmpf_journal *journal;
    int fd; /* to read from */
    struct walked walked;
    uint8_t *data;
    size_t size_bytes;
};

static void begin(struct output *out, struct vmpf_sink sink, uint32_t block_samples)
{
    struct vmpf_writer_options options = fixed_options(block_samples);
    const struct vmpf_string values[] = {TEXT("cpu:ns")};
    options.epoch_max_nodes = 12;
    assert_int_equal(vmpf_writer_open(&out->w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_list(out->w, VMPF_META_VALUES, values, 1, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_integer(out->w, VMPF_META_PROCESS_ID, 77, NULL), VMPF_OK);
}

static struct output begin_file(uint32_t block_samples)
{
    struct output out = {.fd = unnamed_file()};
    struct vmpf_sink sink;
    assert_int_equal(vmpf_sink_open_fd(&sink, out.fd, NULL), VMPF_OK);
    begin(&out, sink, block_samples);
    return out;
}

static struct output begin_journal(uint32_t block_samples)
{
    struct output out = begin_file(block_samples);
    struct vmpf_writer_stats stats;
    assert_int_equal(vmpf_writer_journal_open(out.w, CAPACITY, &out.journal, NULL), VMPF_OK);
    vmpf_writer_stats(out.w, &stats);
    assert_true(stats.journal_mapped);
    return out;
}

/* Reads what a regular file, or a pipe, has to give. */
static void take_data(struct output *out)
{
    size_t capacity = (size_t)1 << 20;
    ssize_t got;
    struct stat info;
    assert_int_equal(fstat(out->fd, &info), 0);
    if (S_ISREG(info.st_mode)) {
        assert_int_equal(lseek(out->fd, 0, SEEK_SET), 0);
    }
    out->data = malloc(capacity);
    assert_non_null(out->data);
    while ((got = read(out->fd, out->data + out->size_bytes, capacity - out->size_bytes)) > 0) {
        out->size_bytes += (size_t)got;
        assert_true(out->size_bytes < capacity);
    }
    assert_int_equal(got, 0);
    assert_int_equal(close(out->fd), 0);
}

/* How many INDEX chunks there are, when all that they and END say is right. */
static size_t check_output(struct output *out)
{
    out->walked = walk_session(out->data, out->size_bytes);
    assert_true(out->walked.ended);
    assert_int_equal(out->walked.size_bytes, out->size_bytes);
    return check_index(&out->walked);
}

static size_t finish(struct output *out)
{
    assert_int_equal(vmpf_writer_close(out->w, 1000000000, NULL), VMPF_OK);
    take_data(out);
    return check_output(out);
}

static bool has_kind(const struct output *out, uint64_t kind)
{
    bool found = false;
    for (size_t i = 0; i < out->walked.count; i++) {
        found = found || out->walked.chunks[i].kind == kind;
    }
    return found;
}

static void check_reading(const struct output *out, uint64_t samples)
{
    struct reading got = read_all(out->data, out->size_bytes);
    assert_int_equal(got.status, VMPF_OK);
    assert_false(got.damage.damaged);
    assert_int_equal(got.samples, samples);
}

static void forget(struct output *out)
{
    walk_free(&out->walked);
    free(out->data);
}

/* ---- outputs without a journal ----------------------------------------------------------------------- */

static void test_file(void **state)
{
    (void)state;
    struct output out = begin_file(10);
    write_samples(out.w, 200);
    assert_int_equal(finish(&out), 1);
    assert_true(out.walked.chunks[out.walked.count - 1].epoch > 2);
    check_reading(&out, 200);
    forget(&out);
}

static void test_memory(void **state)
{
    (void)state;
    struct output out = {.fd = -1};
    struct vmpf_sink sink;
    assert_int_equal(vmpf_sink_open_memory(&sink, NULL), VMPF_OK);
    begin(&out, sink, 10);
    out.w->limits.index_entries = 7;
    write_samples(out.w, 200);
    /* The sink shows its bytes until it is closed, and the writer closes it: so the end is written by hand. */
    const struct vmpfi_end end = {.samples = 200, .value_count = 1, .sums = {out.w->sums[0]}};
    assert_int_equal(vmpfi_writer_flush(out.w, &end, NULL), VMPF_OK);
    const void *data = vmpf_sink_memory(&out.w->sink, &out.size_bytes);
    out.data = malloc(out.size_bytes);
    assert_non_null(out.data);
    memcpy(out.data, data, out.size_bytes);
    vmpf_writer_abandon(out.w);
    assert_true(check_output(&out) > 3);
    check_reading(&out, 200);
    forget(&out);
}

static void test_pipe(void **state)
{
    (void)state;
    struct output out = {.fd = -1};
    struct vmpf_sink sink;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    out.fd = ends[0];
    assert_int_equal(vmpf_sink_open_fd(&sink, ends[1], NULL), VMPF_OK);
    begin(&out, sink, 10);
    out.w->limits.index_entries = 7;
    write_samples(out.w, 100); /* less than a pipe holds */
    assert_int_equal(vmpf_writer_close(out.w, 1000000000, NULL), VMPF_OK);
    assert_int_equal(close(ends[1]), 0);
    take_data(&out);
    assert_true(check_output(&out) > 3);
    check_reading(&out, 100);
    forget(&out);
}

/* The limit as it is: 4,096 chunks a time. */
static void test_many_chunks(void **state)
{
    (void)state;
    struct output out = begin_file(0);
    for (uint64_t i = 0; i < 4500; i++) {
        const struct vmpf_thread thread = {.process_id = 1, .thread_id = 1};
        struct vmpf_sample sample = {.time_ns = i, .values = {1}};
        assert_int_equal(vmpf_writer_thread(out.w, &thread, &sample.thread, NULL), VMPF_OK);
        assert_int_equal(vmpf_writer_sample(out.w, &sample, NULL), VMPF_OK);
        assert_int_equal(vmpf_writer_flush(out.w, NULL), VMPF_OK);
    }
    assert_int_equal(finish(&out), 2);
    forget(&out);
}

static void test_nothing_but_an_end(void **state)
{
    (void)state;
    struct output out = {.fd = unnamed_file()};
    struct vmpf_sink sink;
    const struct vmpf_writer_options options = fixed_options(0);
    assert_int_equal(vmpf_sink_open_fd(&sink, out.fd, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&out.w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(finish(&out), 0);
    forget(&out);
}

/* END right behind an INDEX chunk of the flush before, and nothing between them. */
static void test_nothing_since_the_last_index(void **state)
{
    (void)state;
    struct output out = begin_file(0);
    out.w->limits.index_entries = 1;
    write_samples(out.w, 3);
    assert_int_equal(vmpf_writer_flush(out.w, NULL), VMPF_OK);
    assert_int_equal(finish(&out), 1);
    check_reading(&out, 3);
    forget(&out);
}

/* ---- a journal in the output -------------------------------------------------------------------------- */

static void produce(struct output *out, uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < from + count; i++) {
        const uint32_t codes[] = {i, 1};
        assert_true(produce_code(out->journal, i, "inner", "prog.py", i, 0x1000 + 16 * i));
        assert_true(
            produce_sample(out->journal, i * UINT64_C(1000), 5, 10, codes, 2, PUBLISH_WHOLE));
    }
}

/* Takes `rounds` times 20 samples, with a flush each, so that CODES chunks stand between the others. */
static void record(struct output *out, uint32_t rounds)
{
    for (uint32_t round = 0; round < rounds; round++) {
        produce(out, 1 + 20 * round, 20);
        assert_int_equal(vmpf_writer_drain(out->w, NULL), VMPF_OK);
        assert_int_equal(vmpf_writer_flush(out->w, NULL), VMPF_OK);
        vmpfi_writer_release_rows(out->w);
    }
}

static void test_chunks_that_move(void **state)
{
    (void)state;
    struct output out = begin_journal(16);
    out.w->limits.index_entries = 3; /* they wait for the move all the same */
    record(&out, 12);
    assert_int_equal(finish(&out), 1);
    assert_false(has_kind(&out, WALKED_JOURNAL));
    assert_false(has_kind(&out, WALKED_CODES));
    assert_true(out.size_bytes < CAPACITY);
    check_reading(&out, 240);
    forget(&out);
}

static void test_file_that_grows_too_large(void **state)
{
    (void)state;
    struct output out = begin_journal(16);
    out.w->limits.index_entries = 10;
    out.w->limits.moved_file_bytes = CAPACITY + 8192;
    record(&out, 12);
    assert_true(finish(&out) > 2);
    assert_true(has_kind(&out, WALKED_JOURNAL));
    assert_true(has_kind(&out, WALKED_CODES));
    check_reading(&out, 240);
    forget(&out);
}

static void test_file_of_too_many_chunks(void **state)
{
    (void)state;
    struct output out = begin_journal(16);
    out.w->limits.moved_chunks = 20;
    record(&out, 12);
    assert_int_equal(finish(&out), 1);
    assert_true(has_kind(&out, WALKED_JOURNAL));
    check_reading(&out, 240);
    forget(&out);
}

/* The bound may be crossed by the last flush: then it is too late to stay. */
static void test_last_flush_crosses_the_limit(void **state)
{
    (void)state;
    struct output out = begin_journal(1000);
    record(&out, 1);
    out.w->limits.moved_file_bytes = out.w->offset;
    produce(&out, 21, 20);
    assert_int_equal(finish(&out), 1);
    assert_false(has_kind(&out, WALKED_JOURNAL));
    check_reading(&out, 40);
    forget(&out);
}

/* A chunk larger than the journal cannot move, nor can what stands behind it: a PAD chunk covers the gap. */
static void test_chunk_that_is_larger_than_the_gap(void **state)
{
    (void)state;
    struct output out = begin_journal(16);
    char *name = malloc(2 * CAPACITY);
    uint32_t id;
    uint32_t noise = 1;
    assert_non_null(name);
    for (size_t i = 0; i < 2 * CAPACITY; i++) {
        noise = noise * 1664525 + 1013904223;
        name[i] = (char)(noise >> 24);
    }
    const struct vmpf_function function = {.name = {.data = name, .size_bytes = 2 * CAPACITY}};
    record(&out, 2);
    assert_int_equal(vmpf_writer_function(out.w, &function, &id, NULL), VMPF_OK);
    produce(&out, 41, 20);
    assert_int_equal(vmpf_writer_drain(out.w, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_flush(out.w, NULL), VMPF_OK);
    assert_int_equal(finish(&out), 1);
    assert_false(has_kind(&out, WALKED_JOURNAL));
    assert_true(has_kind(&out, WALKED_PAD));
    check_reading(&out, 60);
    free(name);
    forget(&out);
}

/* A writer that is killed before the move leaves chunks that stand elsewhere than INDEX says; and one that is killed before
 * END has no index. Both give all samples. */
static void test_killed_before_the_move(void **state)
{
    (void)state;
    struct output out = begin_journal(16);
    record(&out, 3);
    const struct vmpfi_end end = {.samples = 60, .value_count = 1, .sums = {600}};
    assert_int_equal(vmpfi_writer_flush(out.w, &end, NULL), VMPF_OK);
    vmpf_writer_abandon(out.w);
    take_data(&out);
    check_reading(&out, 60);
    forget(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_many_chunks),
        cmocka_unit_test(test_nothing_but_an_end),
        cmocka_unit_test(test_nothing_since_the_last_index),
        cmocka_unit_test(test_chunks_that_move),
        cmocka_unit_test(test_file_that_grows_too_large),
        cmocka_unit_test(test_file_of_too_many_chunks),
        cmocka_unit_test(test_last_flush_crosses_the_limit),
        cmocka_unit_test(test_chunk_that_is_larger_than_the_gap),
        cmocka_unit_test(test_killed_before_the_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
