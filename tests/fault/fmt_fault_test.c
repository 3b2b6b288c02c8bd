/* Every allocation and every call of the output fails once, and from then on: no crash, no leak, no lying file. */
#include "tests/fault/fault_alloc.h"
#include "tests/fault/fault_sink.h"
#include "tests/fault/recording.h"

#include <string.h>

static struct fault_sink sink;

/* ---- what must hold of every file ------------------------------------------------------------------ */

static void check_file(const struct outcome *out, enum fault_medium medium, unsigned calls)
{
    const struct remains left = check_remains_memory(sink.arena.data, sink.arena.size_bytes, true);
    assert_true(left.samples <= out->offered);
    /* Nobody was told of a failure: then all is there. */
    if (out->first == VMPF_OK && out->closed == VMPF_OK) {
        assert_int_equal(left.samples, RECORDED_SAMPLES);
    }
    /* What was refused was refused for good; what was taken is in a file that was closed. */
    if (out->closed == VMPF_OK) {
        assert_int_equal(left.status, VMPF_OK);
        assert_false(left.damage.damaged);
        assert_true(left.samples >= out->accepted);
    }
    if (left.status == VMPF_OK && !left.damage.damaged) {
        assert_true(left.samples >= out->accepted); /* only the cut of old bytes failed */
    }
    /* Rows in a journal that lies in the output are safe from all that happens to the rest. */
    if (out->mapped) {
        assert_int_equal(left.status, VMPF_OK);
        assert_int_equal(left.samples, out->accepted);
    }
    /* Where it can be, a piece of a chunk is cut off; a stream, and a move that failed, leave one. */
    if (medium != MEDIUM_STREAM && !out->mapped && (calls & FAULT_TRUNCATE) == 0) {
        assert_int_equal(left.damage.bad_chunks, 0);
    }
}

/* ---- the writer ------------------------------------------------------------------------------------ */

static uint64_t fail_each_call(enum fault_medium medium, enum recording_kind kind, unsigned calls,
                               uint64_t failures)
{
    uint64_t nth = 0;
    do {
        const struct vmpf_sink output = fault_sink(&sink, medium, calls, nth, failures);
        const struct outcome out = record(output, kind, 1);
        if (sink.failed && failures == UINT64_MAX && (calls & FAULT_WRITE) != 0) {
            assert_int_equal(out.opened ? out.closed : out.first, VMPF_E_IO);
        }
        check_file(&out, medium, calls);
        nth++;
    } while (sink.failed);
    return nth - 1;
}

static void test_each_call_of_the_output_fails(void **state)
{
    static const unsigned calls[] = {FAULT_WRITE, FAULT_READ, FAULT_TRUNCATE, FAULT_MAP,
                                     FAULT_WRITE | FAULT_READ | FAULT_TRUNCATE | FAULT_MAP};
    (void)state;
    for (unsigned medium = 0; medium < MEDIA; medium++) {
        for (unsigned kind = 0; kind < RECORDING_KINDS; kind++) {
            for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
                uint64_t once = fail_each_call((enum fault_medium)medium, (enum recording_kind)kind,
                                               calls[i], 1);
                (void)fail_each_call((enum fault_medium)medium, (enum recording_kind)kind, calls[i],
                                     UINT64_MAX);
                /* It did fail: some blocks were written, the journal mapped and moved away. */
                bool journal = kind == RECORD_JOURNAL || kind == RECORD_JOURNAL_BUSY;
                assert_true(calls[i] != FAULT_WRITE || once > 4);
                assert_true(medium != MEDIUM_FILE || !journal || once > 0);
            }
        }
    }
}

static void test_each_allocation_of_the_writer_fails(void **state)
{
    (void)state;
    for (unsigned at = 0; at < MEDIA * RECORDING_KINDS; at++) {
        enum fault_medium medium = (enum fault_medium)(at % MEDIA);
        bool failed = true;
        uint64_t nth = 0;
        for (; failed; nth++) {
            const struct vmpf_sink output = fault_sink(&sink, medium, FAULT_NONE, 0, 0);
            fault_alloc_arm(nth);
            const struct outcome out = record(output, (enum recording_kind)(at / MEDIA), 1);
            failed = fault_alloc_disarm();
            assert_int_equal(fault_alloc_live(), 0);
            assert_true(failed || (out.first == VMPF_OK && out.closed == VMPF_OK));
            check_file(&out, medium, FAULT_NONE);
        }
        assert_true(nth > 10);
    }
}

/* ---- the reader ------------------------------------------------------------------------------------ */

struct input {
    struct arena arena;
    bool names; /* none of them is lost */
    uint64_t samples;
};

static void append(struct input *input, const struct vmpf_sink output, enum recording_kind kind,
                   uint64_t session_id)
{
    const struct outcome out = record(output, kind, session_id);
    assert_int_equal(out.first, VMPF_OK);
    assert_true(input->arena.size_bytes + sink.arena.size_bytes <= ARENA_BYTES);
    memcpy(input->arena.data + input->arena.size_bytes, sink.arena.data, sink.arena.size_bytes);
    input->arena.size_bytes += sink.arena.size_bytes;
}

static void make_sound(struct input *input)
{
    append(input, fault_sink(&sink, MEDIUM_FILE, FAULT_NONE, 0, 0), RECORD_CALLS_EPOCHS, 1);
    input->samples = RECORDED_SAMPLES;
}

static void make_damaged(struct input *input)
{
    append(input, fault_sink(&sink, MEDIUM_FILE, FAULT_NONE, 0, 0), RECORD_CALLS, 1);
    for (size_t at = 200; at < input->arena.size_bytes; at += 997) {
        input->arena.data[at] ^= 0x10;
    }
    input->names = false;
}

/* Nothing could be written once the journal lay there: all samples are rows. */
static void make_unfinished(struct input *input)
{
    append(input, fault_sink(&sink, MEDIUM_FILE, FAULT_NONE, 0, 0), RECORD_CALLS, 7);
    const struct vmpf_sink output = fault_sink(&sink, MEDIUM_FILE, FAULT_WRITE, 3, UINT64_MAX);
    const struct outcome out = record(output, RECORD_JOURNAL, 8);
    assert_true(out.mapped && out.closed == VMPF_E_IO);
    memcpy(input->arena.data, sink.arena.data, sink.arena.size_bytes);
    input->arena.size_bytes = sink.arena.size_bytes;
    input->samples = RECORDED_SAMPLES;
}

static void make_joined(struct input *input)
{
    make_unfinished(input);
    append(input, fault_sink(&sink, MEDIUM_STREAM, FAULT_NONE, 0, 0), RECORD_JOURNAL, 9);
    append(input, fault_sink(&sink, MEDIUM_STREAM, FAULT_NONE, 0, 0), RECORD_CALLS, 10);
    input->samples = (uint64_t)3 * RECORDED_SAMPLES;
}

static void (*const makers[])(struct input *) = {make_sound, make_damaged, make_unfinished,
                                                 make_joined};
#define INPUTS (sizeof makers / sizeof makers[0])

static struct input input;

static void make_input(size_t which)
{
    memset(&input, 0, sizeof input);
    input.names = true;
    makers[which](&input);
    const struct remains left =
        check_remains_memory(input.arena.data, input.arena.size_bytes, input.names);
    assert_int_equal(left.status, VMPF_OK);
    input.samples = input.samples == 0 ? left.samples : input.samples;
    assert_true(left.samples == input.samples && left.samples > 0);
}

static void test_each_allocation_of_the_reader_fails(void **state)
{
    (void)state;
    for (size_t which = 0; which < INPUTS; which++) {
        bool failed = true;
        make_input(which);
        for (uint64_t nth = 0; failed; nth++) {
            fault_alloc_arm(nth);
            const struct remains left =
                check_remains_memory(input.arena.data, input.arena.size_bytes, input.names);
            failed = fault_alloc_disarm();
            assert_int_equal(fault_alloc_live(), 0);
            /* Some memory only saves time: without it all is read as well. */
            assert_true(left.status == VMPF_OK || (failed && left.status == VMPF_E_NOMEM));
            assert_true(left.status == VMPF_OK ? left.samples == input.samples
                                               : left.samples <= input.samples);
        }
    }
}

struct failing_source {
    size_t at;
    uint64_t reads_left;
    bool failed;
};

static int64_t failing_read(void *ctx, void *buffer, size_t size)
{
    struct failing_source *source = ctx;
    size_t left = input.arena.size_bytes - source->at;
    if (source->reads_left == 0) {
        source->failed = true;
        return -5;
    }
    source->reads_left--;
    size = size < 1000 ? size : 1000;
    size = size < left ? size : left;
    memcpy(buffer, input.arena.data + source->at, size);
    source->at += size;
    return (int64_t)size;
}

static void test_each_read_of_the_input_fails(void **state)
{
    static const struct vmpf_source_ops ops = {.read = failing_read};
    (void)state;
    for (size_t which = 0; which < INPUTS; which++) {
        bool failed = true;
        make_input(which);
        for (uint64_t nth = 0; failed; nth++) {
            struct failing_source source = {.reads_left = nth};
            const struct remains left =
                check_remains((struct vmpf_source){.ops = &ops, .ctx = &source}, input.names);
            failed = source.failed;
            assert_int_equal(left.status, failed ? VMPF_E_IO : VMPF_OK);
            assert_true(failed ? left.samples <= input.samples : left.samples == input.samples);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_of_the_output_fails),
        cmocka_unit_test(test_each_allocation_of_the_writer_fails),
        cmocka_unit_test(test_each_allocation_of_the_reader_fails),
        cmocka_unit_test(test_each_read_of_the_input_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
