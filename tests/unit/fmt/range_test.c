/* A range of time gives what a whole reading has in it, and costs what it needs (spec 5.10).
 *
 * The oracle of what: the whole reading, filtered. Of the cost: where walk.c finds the chunks, from the spec alone. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/producer.h"
#include "tests/unit/fmt/range_reading.h"
#include "tests/unit/fmt/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLES 2000u
#define BLOCK 100u
#define STEP UINT64_C(1000003) /* between two samples */
#define NODES 40u              /* of an epoch */

struct profile {
    uint8_t *data;
    size_t size_bytes;
    struct seen whole;
};

static struct profile profile_of(uint8_t *data, size_t size_bytes)
{
    struct profile p = {.size_bytes = size_bytes};
    struct counting counting = {.data = data, .size_bytes = size_bytes};
    p.data = data;
    p.whole = read_counting(&counting, NULL);
    assert_int_equal(counting.reads_at, 0);
    assert_int_equal(p.whole.status, VMPF_END);
    return p;
}

static struct profile make(uint64_t samples)
{
    uint8_t *data;
    size_t size_bytes;
    make_epochs(samples, BLOCK, NODES, &data, &size_bytes);
    struct profile p = profile_of(data, size_bytes);
    assert_int_equal(p.whole.count, samples);
    assert_false(p.whole.damage.damaged);
    return p;
}

static struct profile join(const struct profile *a, const struct profile *b)
{
    size_t size_bytes = a->size_bytes + b->size_bytes;
    uint8_t *data = malloc(size_bytes);
    assert_non_null(data);
    memcpy(data, a->data, a->size_bytes);
    memcpy(data + a->size_bytes, b->data, b->size_bytes);
    return profile_of(data, size_bytes);
}

static void forget(struct profile *p)
{
    seen_free(&p->whole);
    free(p->data);
}

static bool by_index(const struct profile *p, uint64_t from_ns, uint64_t to_ns)
{
    return reads_by_index(p->data, p->size_bytes, &p->whole, from_ns, to_ns);
}

/* ---- what a range gives ------------------------------------------------------------------------------ */

static void test_at_the_borders_of_blocks(void **state)
{
    (void)state;
    struct profile p = make(SAMPLES);
    for (uint64_t block = 0; block <= SAMPLES / BLOCK; block += 3) {
        uint64_t at = block * BLOCK * STEP;
        for (uint64_t d = 0; d <= 2; d++) {
            uint64_t from = at + d > 0 ? at + d - 1 : 0;
            assert_true(by_index(&p, from, from + 1));
            assert_true(from < STEP || by_index(&p, from - STEP, from)); /* the last of a block */
            assert_true(by_index(&p, from, from + BLOCK * STEP));
            assert_true(by_index(&p, from, from + 3 * STEP * BLOCK - 1));
            assert_true(by_index(&p, 1, from + 1));
            assert_true(from == 0 || by_index(&p, from, 0));
        }
    }
    forget(&p);
}

static void test_ranges_of_nothing(void **state)
{
    (void)state;
    struct profile p = make(SAMPLES);
    assert_true(by_index(&p, SAMPLES * STEP, 0));
    assert_true(by_index(&p, UINT64_MAX, 0));
    assert_true(by_index(&p, STEP + 1, 2 * STEP)); /* between two samples */
    assert_true(by_index(&p, 5 * STEP, 5 * STEP));
    assert_true(by_index(&p, 9 * STEP, 5 * STEP));
    forget(&p);
}

static void test_all_is_all(void **state)
{
    (void)state;
    struct profile p = make(SAMPLES);
    assert_true(by_index(&p, 0, UINT64_MAX));
    assert_false(by_index(&p, 0, 0)); /* no range: read from the beginning, as ever */
    forget(&p);
}

static void test_sessions(void **state)
{
    (void)state;
    struct profile a = make(SAMPLES);
    struct profile b = make(350);
    struct profile nothing = make(0);
    struct profile ab = join(&a, &b);
    struct profile abn = join(&ab, &nothing);
    struct profile twice = join(&abn, &abn); /* the same session ids again */
    assert_int_equal(twice.whole.sessions, 6);
    assert_true(by_index(&ab, 200 * STEP, 300 * STEP));
    assert_true(by_index(&abn, 200 * STEP, 300 * STEP));
    assert_true(by_index(&twice, 340 * STEP, 400 * STEP));
    assert_true(by_index(&twice, 1500 * STEP, 0));
    forget(&a);
    forget(&b);
    forget(&nothing);
    forget(&ab);
    forget(&abn);
    forget(&twice);
}

/* One session of an input without END: all of it is read, and gives the same. */
static void test_sessions_one_of_them_cut(void **state)
{
    (void)state;
    struct profile a = make(SAMPLES);
    struct profile cut = make(500);
    cut.size_bytes -= 40;
    struct profile first = join(&cut, &a);
    struct profile last = join(&a, &cut);
    assert_false(by_index(&first, 200 * STEP, 300 * STEP));
    assert_false(by_index(&last, 200 * STEP, 300 * STEP));
    forget(&a);
    forget(&cut);
    forget(&first);
    forget(&last);
}

/* A killed writer: the file ends behind any of its chunks, or within one. */
static void test_killed(void **state)
{
    (void)state;
    struct profile p = make(500);
    struct walked walked = walk_session(p.data, p.size_bytes);
    for (size_t i = 0; i < walked.count; i++) {
        for (uint64_t more = 0; more < 2; more++) {
            struct profile cut =
                profile_of(p.data, (size_t)walked.chunks[i].offset + 60 * (size_t)more);
            assert_true(cut.whole.damage.unfinished);
            assert_false(by_index(&cut, 120 * STEP, 360 * STEP));
            seen_free(&cut.whole);
        }
    }
    walk_free(&walked);
    forget(&p);
}

/* Rows that nobody has put into chunks yet are filtered too. */
static void test_rows_of_a_journal(void **state)
{
    (void)state;
    int fd = unnamed_file();
    struct vmpf_sink sink;
    vmpf_writer *w;
    struct vmpf_journal *journal;
    const struct vmpf_writer_options options = fixed_options(10);
    assert_int_equal(vmpf_sink_open_fd(&sink, fd, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_journal_open(w, 65536, &journal, NULL), VMPF_OK);
    assert_true(produce_code(journal, 1, "f", "prog.py", 3, 0x1000));
    for (uint32_t i = 0; i < 55; i++) {
        const uint32_t codes[] = {1};
        assert_true(produce_sample(journal, i * UINT64_C(1000), 5, 10, codes, 1, PUBLISH_WHOLE));
        if (i == 30) {
            assert_int_equal(vmpf_writer_drain(w, NULL), VMPF_OK);
        }
    }
    uint8_t *data = malloc(1 << 20);
    assert_non_null(data);
    ssize_t size = pread(fd, data, 1 << 20, 0);
    assert_true(size > 65536 && size < 1 << 20);
    struct profile p = profile_of(data, (size_t)size);
    assert_int_equal(p.whole.count, 55);
    assert_false(by_index(&p, 5000, 50000));
    assert_false(by_index(&p, 5000, 8000));
    vmpf_writer_abandon(w);
    assert_int_equal(close(fd), 0);
    forget(&p);
}

/* Times that the caller does not want are read for the range all the same, but not given. */
static void test_without_times(void **state)
{
    (void)state;
    struct profile p = make(SAMPLES);
    struct counting counting = {.data = p.data, .size_bytes = p.size_bytes};
    struct vmpf_reader_options options = range_options(150 * STEP, 420 * STEP);
    options.skip_columns = VMPF_COLUMN_TIME | VMPF_COLUMN_FLAGS;
    struct seen got = read_counting(&counting, &options);
    assert_int_equal(got.count, 270);
    for (size_t i = 0; i < got.count; i++) {
        assert_int_equal(got.samples[i].value, 1000 + 150 + i);
        assert_int_equal(got.samples[i].time_ns, 0);
    }
    seen_free(&got);
    forget(&p);
}

/* Labels stay with their samples: sample i has the label i, where i is odd. */
static void test_labels(void **state)
{
    (void)state;
    const struct vmpf_writer_options options = fixed_options(BLOCK);
    const struct vmpf_thread thread = {.process_id = 1, .thread_id = 1};
    struct vmpf_source source;
    struct vmpf_sink sink;
    struct vmpf_block block;
    vmpf_writer *w;
    vmpf_reader *r;
    uint64_t next = 151;
    int fd = unnamed_file();
    assert_int_equal(vmpf_sink_open_fd(&sink, fd, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    for (uint64_t i = 0; i < 500; i++) {
        struct vmpf_sample sample = {.time_ns = i * STEP, .values = {1}};
        assert_int_equal(vmpf_writer_thread(w, &thread, &sample.thread, NULL), VMPF_OK);
        if (i % 2 == 1) {
            assert_int_equal(
                vmpf_writer_label(w, 0, TEXT("n"), (struct vmpf_string){0}, i, &sample.label, NULL),
                VMPF_OK);
        }
        assert_int_equal(vmpf_writer_sample(w, &sample, NULL), VMPF_OK);
    }
    assert_int_equal(vmpf_writer_close(w, 500 * STEP, NULL), VMPF_OK);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    const struct vmpf_reader_options range = range_options(151 * STEP, 333 * STEP);
    assert_int_equal(vmpf_source_open_fd(&source, fd, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, &range, NULL), VMPF_OK);
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++, next++) {
            assert_int_equal(block.time_ns[i], next * STEP);
            assert_int_equal(vmpf_reader_label(r, block.label[i]).number, next % 2 == 1 ? next : 0);
        }
    }
    assert_int_equal(next, 333);
    vmpf_reader_close(r);
    assert_int_equal(close(fd), 0);
}

/* ---- where it comes from ----------------------------------------------------------------------------- */

static struct seen read_fd(int fd, uint64_t from_ns, uint64_t to_ns)
{
    struct vmpf_source source;
    const struct vmpf_reader_options options = range_options(from_ns, to_ns);
    assert_int_equal(vmpf_source_open_fd(&source, fd, NULL), VMPF_OK);
    return read_source(source, &options);
}

/* A file that is not read from its first byte: what stands before is no part of the input. */
static void test_file_from_its_middle(void **state)
{
    (void)state;
    struct profile p = make(SAMPLES);
    struct vmpf_source source;
    uint8_t byte = 0;
    int fd = unnamed_file();
    assert_int_equal(write(fd, "something else", 14), 14);
    assert_int_equal(write(fd, p.data, p.size_bytes), (ssize_t)p.size_bytes);
    assert_int_equal(lseek(fd, 14, SEEK_SET), 14);
    struct seen got = read_fd(fd, 150 * STEP, 420 * STEP);
    assert_int_equal(check_range(&p.whole, &got, 150 * STEP, 420 * STEP), 270);
    seen_free(&got);
    assert_int_equal(lseek(fd, 14, SEEK_SET), 14);
    assert_int_equal(vmpf_source_open_fd(&source, fd, NULL), VMPF_OK);
    assert_int_equal(source.ops->size(source.ctx), p.size_bytes);
    assert_int_equal(source.ops->read_at(source.ctx, 1, &byte, 1), 1);
    assert_int_equal(byte, 'V');
    assert_int_equal(source.ops->read_at(source.ctx, p.size_bytes, &byte, 1), 0);
    assert_int_equal(source.ops->read_at(source.ctx, UINT64_MAX, &byte, 1), 0);
    assert_int_equal(source.ops->read(source.ctx, &byte, 1), 1); /* nothing has moved */
    assert_int_equal(byte, 0x89);
    vmpf_source_close(&source);
    assert_int_equal(close(fd), 0);
    forget(&p);
}

static void test_pipe(void **state)
{
    (void)state;
    struct profile p = make(300);
    int ends[2];
    struct vmpf_source source;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], p.data, p.size_bytes), (ssize_t)p.size_bytes);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(vmpf_source_open_fd(&source, ends[0], NULL), VMPF_OK);
    assert_null(source.ops->size);
    assert_null(source.ops->read_at);
    vmpf_source_close(&source);
    struct seen got = read_fd(ends[0], 150 * STEP, 220 * STEP);
    assert_int_equal(check_range(&p.whole, &got, 150 * STEP, 220 * STEP), 70);
    seen_free(&got);
    assert_int_equal(close(ends[0]), 0);
    forget(&p);
}

/* A source that fails to look elsewhere is read in order. */
static void test_source_that_cannot_seek_after_all(void **state)
{
    (void)state;
    struct profile p = make(300);
    struct counting counting = {
        .data = p.data, .size_bytes = p.size_bytes, .refuses_read_at = true};
    const struct vmpf_reader_options options = range_options(150 * STEP, 220 * STEP);
    struct seen got = read_counting(&counting, &options);
    assert_int_equal(check_range(&p.whole, &got, 150 * STEP, 220 * STEP), 70);
    seen_free(&got);
    forget(&p);
}

/* ---- what it costs ------------------------------------------------------------------------------------- */

static bool is_table(const struct walked_chunk *chunk)
{
    return chunk->kind >= WALKED_STRINGS && chunk->kind < WALKED_SAMPLES;
}

/* What may be read for the range: the chunks of END and INDEX, all metadata and threads, the tables of the epochs of the blocks in the
 * range, and these blocks; and of each chunk its header once more, to be sure of it. *blocks: how many there are. */
static uint64_t needed_bytes(const struct walked *walked, uint64_t from_ns, uint64_t to_ns,
                             size_t *blocks)
{
    uint64_t bytes = 0;
    uint64_t first_epoch = UINT64_MAX;
    uint64_t last_epoch = 0;
    *blocks = 0;
    for (size_t i = 0; i < walked->count; i++) {
        const struct walked_chunk *chunk = &walked->chunks[i];
        if (chunk->kind == WALKED_SAMPLES && chunk->begin_ns < to_ns && chunk->end_ns >= from_ns) {
            first_epoch = chunk->epoch < first_epoch ? chunk->epoch : first_epoch;
            last_epoch = chunk->epoch;
            bytes += chunk->size_bytes + 56;
            ++*blocks;
        }
    }
    for (size_t i = 0; i < walked->count; i++) {
        const struct walked_chunk *chunk = &walked->chunks[i];
        bool table = is_table(chunk) && chunk->epoch >= first_epoch && chunk->epoch <= last_epoch;
        if (table || chunk->kind == WALKED_META || chunk->kind == WALKED_THREADS ||
            chunk->kind == WALKED_INDEX) {
            bytes += chunk->size_bytes + 56;
        }
    }
    /* END is looked for with each count of values, and read when the session ends; the superblock; the chunk before an epoch. */
    return bytes + UINT64_C(9) * 56 + 2 * UINT64_C(160) + 64 + 56;
}

static void test_cost(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size_bytes;
    size_t blocks;
    const uint64_t samples = 300000;
    make_epochs(samples, 1000, NODES, &data, &size_bytes);
    struct walked walked = walk_session(data, size_bytes);
    assert_true(walked.chunks[walked.count - 1].epoch > 100);
    for (uint64_t at = 0; at < samples; at += 37123) {
        struct counting counting = {.data = data, .size_bytes = size_bytes};
        uint64_t from = at * STEP;
        uint64_t to = (at + 1000) * STEP; /* one second */
        const struct vmpf_reader_options options = range_options(from, to);
        uint64_t needed = needed_bytes(&walked, from, to, &blocks);
        struct seen got = read_counting(&counting, &options);
        assert_int_equal(got.count, 1000);
        assert_int_equal(got.samples[0].value, 1000 + at);
        assert_true(got.blocks <= 2);
        assert_int_equal(got.blocks, blocks);
        assert_int_equal(counting.reads, 1);
        assert_true(counting.read_at_bytes <= needed);
        assert_true(needed < size_bytes / 20); /* else this would say nothing */
        seen_free(&got);
    }
    walk_free(&walked);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_the_borders_of_blocks),
        cmocka_unit_test(test_ranges_of_nothing),
        cmocka_unit_test(test_all_is_all),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_sessions_one_of_them_cut),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_rows_of_a_journal),
        cmocka_unit_test(test_without_times),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_file_from_its_middle),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_source_that_cannot_seek_after_all),
        cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
