/* Every allocation and every write of the library fails once: no crash, no leak, no lying file. */
#include "tests/fault/fault_alloc.h"
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/producer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 90u

/* ---- a sink whose N-th write fails ----------------------------------------------------------------- */

struct failing_sink {
    struct vmpf_sink inner;
    uint64_t writes_left; /* before the failures begin */
    uint64_t failures;    /* that are left; UINT64_MAX: for good */
    bool failed;
};

static int failing_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    struct failing_sink *sink = ctx;
    if (sink->writes_left == 0 && sink->failures > 0) {
        sink->failures -= sink->failures == UINT64_MAX ? 0 : 1;
        sink->failed = true;
        /* A full disk takes a part of the bytes. */
        (void)sink->inner.ops->write(sink->inner.ctx, offset, data, size / 2);
        return -ENOSPC;
    }
    sink->writes_left -= sink->writes_left > 0 ? 1 : 0;
    return sink->inner.ops->write(sink->inner.ctx, offset, data, size);
}

static int failing_read(void *ctx, uint64_t offset, void *data, size_t size)
{
    struct failing_sink *sink = ctx;
    return sink->inner.ops->read(sink->inner.ctx, offset, data, size);
}

static int failing_truncate(void *ctx, uint64_t size)
{
    struct failing_sink *sink = ctx;
    return sink->inner.ops->truncate(sink->inner.ctx, size);
}

static const struct vmpf_sink_ops file_like = {
    .write = failing_write, .read = failing_read, .truncate = failing_truncate};
static const struct vmpf_sink_ops stream_like = {.write = failing_write};

/* Samples that the last recording handed over. */
static uint64_t produced_samples;

/* ---- one recording, whatever fails ------------------------------------------------------------------ */

static vmpf_status record_plain(vmpf_writer *w)
{
    vmpf_status first = VMPF_OK;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        const struct vmpf_function function = {.name = TEXT("f"),
                                               .file = TEXT("prog.py"),
                                               .first_line = i % 7 + 1,
                                               .kind = VMPF_KIND_PY};
        const struct vmpf_thread thread = {.thread_id = i % 2 + 1, .name = TEXT("thread")};
        struct vmpf_sample sample = {.time_ns = i, .values = {1000 + i}};
        uint32_t id = 0;
        uint32_t location = 0;
        vmpf_status status = vmpf_writer_function(w, &function, &id, NULL);
        status =
            status == VMPF_OK ? vmpf_writer_location(w, id, i % 9 + 1, &location, NULL) : status;
        status =
            status == VMPF_OK ? vmpf_writer_stack(w, 0, location, &sample.stack, NULL) : status;
        status = status == VMPF_OK ? vmpf_writer_thread(w, &thread, &sample.thread, NULL) : status;
        status = status == VMPF_OK ? vmpf_writer_sample(w, &sample, NULL) : status;
        first = first == VMPF_OK ? status : first;
    }
    return first;
}

static vmpf_status record_journal(vmpf_writer *w)
{
    struct vmpf_journal *journal;
    vmpf_status first = vmpf_writer_journal_open(w, 65536, &journal, NULL);
    if (first != VMPF_OK) {
        produced_samples = 0;
        return first;
    }
    const uint32_t codes[] = {1};
    (void)produce_code(journal, 1, "f", "prog.py", 3, 0x1000);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        (void)produce_sample(journal, i, 5, 1000 + i, codes, 1, PUBLISH_WHOLE);
        if (i % 10 == 0) {
            vmpf_status status = vmpf_writer_drain(w, NULL);
            first = first == VMPF_OK ? status : first;
        }
    }
    return first;
}

/* Records to sink. *closed says what the close said, the result is the first failure before it. */
static vmpf_status record(struct vmpf_sink sink, bool journal, vmpf_status *closed)
{
    vmpf_writer *w;
    const struct vmpf_string values[] = {TEXT("cpu:ns")};
    const struct vmpf_writer_options options = fixed_options(16);
    *closed = VMPF_E_NOMEM;
    produced_samples = SAMPLES;
    vmpf_status status = vmpf_writer_open(&w, sink, &options, NULL);
    if (status != VMPF_OK) {
        return status;
    }
    status = vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL);
    if (status == VMPF_OK) {
        status = journal ? record_journal(w) : record_plain(w);
    }
    *closed = vmpf_writer_close(w, SAMPLES, NULL);
    return status;
}

/* A file is either whole, or it says that it is not. */
static void check_honest(const struct vmpf_sink *inner, vmpf_status recorded, vmpf_status closed)
{
    size_t size;
    const void *data = vmpf_sink_memory(inner, &size);
    struct reading got = read_all(data, size);
    assert_true(got.samples <= SAMPLES);
    if (recorded == VMPF_OK && closed == VMPF_OK) {
        assert_int_equal(got.status, VMPF_OK);
        assert_int_equal(got.samples, produced_samples);
        assert_false(got.damage.damaged);
    }
    if (closed != VMPF_OK && got.status == VMPF_OK) {
        assert_true(got.damage.damaged);
    }
}

static void fail_each_write(const struct vmpf_sink_ops *ops, bool journal, uint64_t failures)
{
    bool failed = true;
    for (uint64_t nth = 0; failed; nth++) {
        struct failing_sink sink = {.writes_left = nth, .failures = failures};
        vmpf_status closed;
        assert_int_equal(vmpf_sink_open_memory(&sink.inner, NULL), VMPF_OK);
        vmpf_status recorded =
            record((struct vmpf_sink){.ops = ops, .ctx = &sink}, journal, &closed);
        failed = sink.failed;
        assert_true(!failed || recorded == VMPF_E_IO || closed == VMPF_E_IO);
        if (failed && failures == UINT64_MAX) {
            assert_int_not_equal(closed, VMPF_OK);
        }
        if (recorded == VMPF_E_IO && closed == VMPF_OK) {
            recorded = VMPF_OK; /* it was tried again, and nothing was lost */
        }
        check_honest(&sink.inner, recorded, closed);
        vmpf_sink_close(&sink.inner);
    }
}

static void test_each_write_fails(void **state)
{
    (void)state;
    for (int journal = 0; journal < 2; journal++) {
        fail_each_write(&file_like, journal == 1, 1);
        fail_each_write(&file_like, journal == 1, UINT64_MAX);
        fail_each_write(&stream_like, journal == 1, 1);
        fail_each_write(&stream_like, journal == 1, UINT64_MAX);
    }
}

static void test_each_allocation_of_the_writer_fails(void **state)
{
    (void)state;
    for (int journal = 0; journal < 2; journal++) {
        bool failed = true;
        for (uint64_t nth = 0; failed; nth++) {
            struct failing_sink sink = {.writes_left = UINT64_MAX};
            vmpf_status closed;
            assert_int_equal(vmpf_sink_open_memory(&sink.inner, NULL), VMPF_OK);
            /* Room for all, so that the memory sink itself does not allocate while it is watched. */
            static uint8_t room[131072];
            assert_int_equal(sink.inner.ops->write(sink.inner.ctx, 0, room, sizeof room), 0);
            assert_int_equal(sink.inner.ops->truncate(sink.inner.ctx, 0), 0);
            fault_alloc_arm(nth);
            vmpf_status recorded =
                record((struct vmpf_sink){.ops = &file_like, .ctx = &sink}, journal == 1, &closed);
            failed = fault_alloc_disarm();
            assert_int_equal(fault_alloc_live(), 0);
            assert_true(failed || (recorded == VMPF_OK && closed == VMPF_OK));
            check_honest(&sink.inner, recorded, closed);
            vmpf_sink_close(&sink.inner);
        }
    }
}

static void test_each_allocation_of_the_reader_fails(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size;
    bool failed = true;
    make_profile(SAMPLES, 16, &data, &size);
    for (uint64_t nth = 0; failed; nth++) {
        fault_alloc_arm(nth);
        struct reading got = read_all(data, size);
        failed = fault_alloc_disarm();
        assert_int_equal(fault_alloc_live(), 0);
        assert_true(got.samples <= SAMPLES);
        assert_int_equal(got.status, failed ? VMPF_E_NOMEM : VMPF_OK);
    }
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_write_fails),
        cmocka_unit_test(test_each_allocation_of_the_writer_fails),
        cmocka_unit_test(test_each_allocation_of_the_reader_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
