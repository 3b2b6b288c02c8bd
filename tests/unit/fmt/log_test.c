/* Logs of upstream vmprof, as the reader gives them: every version and machine, names, pairs, epochs. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/made_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vmpf_reader *open_log(const struct made_log *log, bool one_epoch)
{
    struct vmpf_source source;
    struct vmpf_error error;
    vmpf_reader *r = NULL;
    const struct vmpf_reader_options options = {.size = sizeof options, .one_epoch = one_epoch};
    assert_int_equal(vmpf_source_open_memory(&source, log->data, log->size_bytes, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, &options, &error), VMPF_OK);
    return r;
}

/* The stack as text, root first: name(kind)@line. Each frame goes before those that are there. */
static void print_stack(const vmpf_reader *r, uint32_t node, char *out, size_t out_bytes)
{
    size_t length = 0;
    for (; node != 0; node = vmpf_reader_stack(r, node).parent) {
        char frame[256];
        struct vmpf_location at = vmpf_reader_location(r, vmpf_reader_stack(r, node).location);
        struct vmpf_function function = vmpf_reader_function(r, at.function);
        int written = snprintf(frame, sizeof frame, "%.*s(%d)@%u%s", (int)function.name.size_bytes,
                               function.name.data, (int)function.kind, (unsigned)at.line,
                               length == 0 ? "" : " ");
        assert_true(written > 0 && (size_t)written < sizeof frame);
        assert_true(length + (size_t)written < out_bytes);
        memmove(out + written, out, length);
        memcpy(out, frame, (size_t)written);
        length += (size_t)written;
    }
    out[length] = '\0';
}

/* How many samples have this stack. */
static uint64_t count_stack(const struct made_log *log, const char *wanted)
{
    vmpf_reader *r = open_log(log, false);
    struct vmpf_block block;
    uint64_t count = 0;
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++) {
            char stack[512];
            print_stack(r, block.stack[i], stack, sizeof stack);
            count += strcmp(stack, wanted) == 0;
        }
    }
    vmpf_reader_close(r);
    return count;
}

/* ---- every version and machine ------------------------------------------------------------------------- */

static void check_ten(enum made_machine machine, unsigned version, unsigned mode,
                      const char *interpreter)
{
    struct made_log log = made_ten(machine, version, mode, interpreter);
    bool lines = version >= 4 && (mode & 2) != 0 && (mode & 8) == 0 && interpreter[0] == 'c';
    const char *foo = lines ? "main(1)@3 foo(1)@6" : "main(1)@0 foo(1)@0";
    char cfun[64];
    (void)snprintf(cfun, sizeof cfun, "%s %s(4)@0", foo, version == 0 ? "0x3000" : "cfun");
    assert_int_equal(count_stack(&log, foo), 6);
    assert_int_equal(count_stack(&log, lines ? "main(1)@3" : "main(1)@0"), 3);
    assert_int_equal(count_stack(&log, cfun), 1);
    const struct reading reading = read_all(log.data, log.size_bytes);
    assert_int_equal(reading.status, VMPF_OK);
    assert_int_equal(reading.samples, 10);
    assert_int_equal(reading.weight, 10);
    assert_false(reading.damage.damaged);
    made_free(&log);
}

static void test_every_version_machine_and_mode(void **state)
{
    (void)state;
    for (int machine = MADE_64; machine <= MADE_WINDOWS; machine++) {
        for (unsigned version = 0; version <= 6; version++) {
            for (unsigned mode = 0; mode < (version >= 4 ? 0x20u : 1u); mode++) {
                check_ten((enum made_machine)machine, version, mode, "cpython");
            }
        }
        check_ten((enum made_machine)machine, 2, 0, "pypy");
        check_ten((enum made_machine)machine, 6, 3, "pypy");
        check_ten((enum made_machine)machine, 6, 8, "other");
    }
}

static void test_the_session(void **state)
{
    struct made_log log = made_ten(MADE_64, 6, 0x11, "cpython");
    vmpf_reader *r = open_log(&log, false);
    struct vmpf_block block;
    (void)state;
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
    assert_int_equal(block.count, 10);
    assert_int_equal(block.values[0][9], 1);
    assert_int_equal(block.values[1][9], 1024000);
    assert_int_equal(block.time_ns[9], 0);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_END);
    const struct vmpf_info *info = vmpf_reader_info(r, 0);
    assert_int_equal(info->format, VMPF_FORMAT_LOG);
    assert_int_equal(info->format_version, 6);
    assert_int_equal(info->start_unix_ns, UINT64_C(1500000000250000000));
    assert_int_equal(info->end_ns, UINT64_C(10500000000));
    assert_true(info->finished);
    assert_int_equal(info->value_count, 2);
    assert_int_equal(vmpf_info_meta(info, VMPF_META_PERIOD_NS)->integer, 990000);
    assert_memory_equal(vmpf_info_meta(info, VMPF_META_CLOCK)->string.data, "wall", 4);
    assert_memory_equal(vmpf_info_meta(info, "os")->string.data, "linux", 5);
    assert_int_equal(vmpf_reader_thread_count(r), 1);
    assert_int_equal(vmpf_reader_thread(r, 0).thread_id, 0x77);
    vmpf_reader_close(r);
    made_free(&log);
}

/* ---- names --------------------------------------------------------------------------------------------- */

/* [L-6-2]: memory that was used again: the name is the one behind the sample, which was seen before, too. */
static void test_an_id_that_is_used_again(void **state)
{
    struct made_log log = made_log(MADE_64, 6, 0, "cpython");
    const uint64_t words[] = {0x1000};
    static const char *const names[] = {"py:a:1:x", "py:b:2:x", "py:a:1:x"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        made_stack(&log, words, 1, 1, MADE_NO_MEMORY);
        made_stack(&log, words, 1, 1, MADE_NO_MEMORY);
        made_name(&log, 2, 0x1000, names[i]);
        made_name(&log, 2, 0x1000, names[i]);
    }
    made_stack(&log, words, 1, 1, MADE_NO_MEMORY);
    assert_int_equal(count_stack(&log, "a(1)@0"), 5);
    assert_int_equal(count_stack(&log, "b(1)@0"), 2);
    made_free(&log);
}

struct name_case {
    const char *text, *name, *file;
    unsigned line;
};

static const struct name_case name_cases[] = {
    {"py:a::b:1:C:\\dir\\f.py", "a::b", "C:\\dir\\f.py", 1},
    {"py:f:12", "f", "", 12},
    {"py:very_long", "very_long", "", 0},
    {"py:f:-3:x.py", "f", "x.py", 0},
    {"py:f:4294967296:x.py", "f", "x.py", 0},
    {"py:f:4294967295:-", "f", "", 4294967295u},
    {"py:1:2:x", "1", "x", 2},
    {"", "", "", 0},
    {"\xE9:1:\xFF", "\xE9", "\xFF", 1},
};

/* [L-6-3], [L-6-4] */
static void test_names_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof name_cases / sizeof name_cases[0]; i++) {
        const struct name_case *c = &name_cases[i];
        struct made_log log = made_log(MADE_32, 6, 0, "cpython");
        const uint64_t words[] = {0x80001000};
        made_stack(&log, words, 1, 1, MADE_NO_MEMORY);
        made_name(&log, 2, words[0], c->text);
        vmpf_reader *r = open_log(&log, false);
        struct vmpf_block block;
        assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
        struct vmpf_function f = vmpf_reader_function(
            r, vmpf_reader_location(r, vmpf_reader_stack(r, block.stack[0]).location).function);
        assert_int_equal(f.name.size_bytes, strlen(c->name));
        assert_memory_equal(f.name.data, c->name, strlen(c->name));
        assert_int_equal(f.file.size_bytes, strlen(c->file));
        assert_memory_equal(f.file.data, c->file, strlen(c->file));
        assert_int_equal(f.first_line, c->line);
        assert_int_equal(f.kind, VMPF_KIND_PY);
        assert_int_equal(f.address, 0x80001000);
        vmpf_reader_close(r);
        made_free(&log);
    }
}

/* ---- the kinds of frames --------------------------------------------------------------------------------- */

/* [L-4-4], [L-5-6] */
static void test_pairs_of_pypy(void **state)
{
    struct made_log log = made_log(MADE_64, 6, 8, "pypy");
    /* The machine code of a trace in which foo was inlined in main, which stands outside once more. */
    const uint64_t jit[] = {6, 0x5550, 3, 0x2000, 3, 0x1000, 1, 0x1000};
    const uint64_t rare[] = {2, 0, 4, 0, 5, 0, 7, 0x3001, 1, 0x1000};
    (void)state;
    made_stack(&log, jit, 8, 0, MADE_NO_MEMORY);
    made_stack(&log, rare, 10, 0, MADE_NO_MEMORY);
    made_name(&log, 2, 0x1000, "py:main:1:a.py");
    made_name(&log, 2, 0x2000, "rb:foo:5:a.rb");
    assert_int_equal(count_stack(&log, "main(2)@0 foo(2)@0 <assembler>(7)@0"), 1);
    assert_int_equal(
        count_stack(&log, "main(1)@0 0x3001(4)@0 <gc>(6)@0 <tracing>(7)@0 <blackhole>(7)@0"), 1);
    made_free(&log);
}

/* Sections 5 and 7: program counters, the JIT's brackets, the text of maps. */
static void test_version_0_of_pypy(void **state)
{
    static const char maps[] = "00400000-00500000 r-xp 00000000 08:01 1 /bin/pypy\n"
                               "00500000-00600000 rw-p 00000000 08:01 1 /bin/pypy\n";
    struct made_log log = made_log(MADE_64, 0, 0, "pypy");
    const uint64_t words[] = {0x400010,           0x400010, 0x400020,          2,
                              0x7700000000001000, 3,        0x7700000000002001};
    (void)state;
    made_stack(&log, words, 7, 0, MADE_NO_MEMORY);
    made_name(&log, 2, 0x7700000000001000, "py:main:1:a.py");
    made_name(&log, 2, 0x7700000000002000, "py:run:2:a.py");
    made_u8(&log, 3);
    made_bytes(&log, maps, sizeof maps - 1);
    assert_int_equal(count_stack(&log, "run(1)@0 main(2)@0 <assembler>(7)@0 0x400010(4)@0"), 1);
    vmpf_reader *r = open_log(&log, false);
    struct vmpf_block block;
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_module_count(r), 3);
    struct vmpf_function leaf = vmpf_reader_function(
        r, vmpf_reader_location(r, vmpf_reader_stack(r, block.stack[0]).location).function);
    assert_int_equal(vmpf_reader_module(r, leaf.module).address, 0x400000);
    assert_false(vmpf_reader_damage(r)->unfinished);
    vmpf_reader_close(r);
    made_free(&log);
}

/* [L-4-6]: the thread is the last of the words, and these are program counters. */
static void test_the_snapshots_of_version_1(void **state)
{
    struct made_log log = made_log(MADE_64, 1, 0, "cpython");
    (void)state;
    for (uint64_t i = 0; i < 5; i++) {
        made_u8(&log, 1);
        made_word(&log, 1);
        made_word(&log, 3);
        made_word(&log, 0x400000 + i);
        made_word(&log, 0x7000000000001000);
        made_word(&log, 0x99);
    }
    made_name(&log, 2, 0x7000000000001000, "py:main:1:a.py");
    made_u8(&log, 3);
    assert_int_equal(count_stack(&log, "main(1)@0 0x400001(4)@0"), 1);
    const struct reading reading = read_all(log.data, log.size_bytes);
    assert_int_equal(reading.samples, 5);
    assert_false(reading.damage.damaged);
    made_free(&log);
}

/* [L-4-5]: a word of memory that was left out. */
static void test_memory_that_was_left_out(void **state)
{
    struct made_log log = made_log(MADE_64, 6, 1, "cpython");
    const uint64_t words[] = {0x2000, 0x1000};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        made_stack(&log, words, 2, 0x77, i % 2 != 0 ? MADE_NO_MEMORY : 10);
    }
    vmpf_reader *r = open_log(&log, false);
    struct vmpf_block block;
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
    assert_int_equal(block.count, 4);
    assert_int_equal(block.values[1][0], 10240);
    assert_int_equal(block.values[1][1], 0);
    assert_int_equal(block.values[1][2], 10240);
    assert_int_equal(vmpf_reader_damage(r)->lost_bytes, 0);
    vmpf_reader_close(r);
    made_free(&log);
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

#define DEEP 1000u
#define DEEP_STACKS 1500u

/* As many nodes as words: each stack has a root of its own. */
static struct made_log many_nodes(void)
{
    struct made_log log = made_log(MADE_64, 6, 0, "cpython");
    static uint64_t words[DEEP];
    for (uint64_t i = 0; i < DEEP_STACKS; i++) {
        for (uint64_t k = 0; k < DEEP; k++) {
            words[k] = 0x10000 + 16 * (k + 1 == DEEP ? i : k);
        }
        made_stack(&log, words, DEEP, 1, MADE_NO_MEMORY);
    }
    return log;
}

static void test_epochs_bound_the_tables(void **state)
{
    struct made_log log = many_nodes();
    vmpf_reader *r = open_log(&log, true);
    struct vmpf_block block;
    uint64_t samples = 0;
    (void)state;
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++) {
            uint32_t node = block.stack[i];
            while (vmpf_reader_stack(r, node).parent != 0) {
                node = vmpf_reader_stack(r, node).parent;
            }
            struct vmpf_function root = vmpf_reader_function(
                r, vmpf_reader_location(r, vmpf_reader_stack(r, node).location).function);
            assert_int_equal(root.address, 0x10000 + 16 * samples);
            samples++;
        }
        assert_true(vmpf_reader_stack_count(r) < (1u << 20) + 2 * DEEP);
    }
    assert_int_equal(samples, DEEP_STACKS);
    assert_int_equal(vmpf_reader_epoch(r), 1);
    vmpf_reader_close(r);
    made_free(&log);
}

static void test_the_memory_limit(void **state)
{
    struct made_log log = many_nodes();
    struct vmpf_source source;
    struct vmpf_block block;
    struct vmpf_error error;
    vmpf_reader *r = NULL;
    const struct vmpf_reader_options options = {.size = sizeof options,
                                                .memory_limit_bytes = 1 << 20};
    (void)state;
    assert_int_equal(vmpf_source_open_memory(&source, log.data, log.size_bytes, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_next(r, &block, &error), VMPF_E_LIMIT);
    vmpf_reader_close(r);
    made_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_version_machine_and_mode),
        cmocka_unit_test(test_the_session),
        cmocka_unit_test(test_an_id_that_is_used_again),
        cmocka_unit_test(test_names_are_taken_apart),
        cmocka_unit_test(test_pairs_of_pypy),
        cmocka_unit_test(test_version_0_of_pypy),
        cmocka_unit_test(test_the_snapshots_of_version_1),
        cmocka_unit_test(test_memory_that_was_left_out),
        cmocka_unit_test(test_epochs_bound_the_tables),
        cmocka_unit_test(test_the_memory_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
