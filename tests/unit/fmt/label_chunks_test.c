/* Chunks of labels and modules byte by byte, worked out by hand from sections 4 and 5.7, 5.8 of the spec: those that
 * the writer makes, and those that a reader must take or refuse. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/handmade.h"

#include <string.h>

#define STRINGS 2
#define SAMPLES 7
#define MODULES 13
#define LABELS 15
#define PLAIN 1
#define RUNS 3
#define CRITICAL 1

/* ---- what is written ------------------------------------------------------------------------------- */

/* Set 1: state (string 1) = running (2). Set 2, below it: request (3) = 300. */
static const uint8_t labels_payload[] = {
    /* first 1, count 2, columns 4; 16 bytes of no meaning */
    1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, /**/
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* id, encoding 5, codec 0, raw size, stored size, no tail */
    1, 0, 5, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, /* distance */
    2, 0, 5, 0, 7, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, /* key */
    3, 0, 5, 0, 7, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, /* text */
    4, 0, 5, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, /* number */
    /* distances 1, 1: runs, m 4 and 4, n 2, base 1, unit 1, one group: number 0, 1 entry more */
    0x04, 0x44, 2, 1, 1, 1, 0, 1,
    /* keys 1, 3: m 4, n 2, base 1, unit 1: 0, 2 */
    0x00, 0x04, 2, 1, 1, 0, 2,
    /* texts 2, 0: base 0, unit 1: 2, 0 */
    0x00, 0x04, 2, 0, 1, 2, 0,
    /* numbers 0, 300: 300 = (2 + 16) * 2^4 + 12 has the code (4 + 1) * 16 + 2 = 0x52, and the low bits 12 */
    0x00, 0x04, 2, 0, 1, 0x00, 0x52, 0x0C};

/* Module 1: path (string 1), build id (2), at 0x7f0000001000, 0x2000 bytes. 2: path (3), at 0x7f0000004000, 0x1000. No
 * offsets, so no column of them. */
static const uint8_t modules_payload[] = {
    1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0,   /**/
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   /**/
    1, 0, 5, 0, 7, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0,   /* path */
    2, 0, 5, 0, 7, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0,   /* build id */
    3, 0, 5, 0, 14, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, /* address */
    4, 0, 5, 0, 9, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0,   /* size */
    /* paths 1, 3: base 1, unit 1: 0, 2 */
    0x00, 0x04, 2, 1, 1, 0, 2,
    /* build ids 2, 0 */
    0x00, 0x04, 2, 0, 1, 2, 0,
    /* base 0x7f0000001000 = 0x1f * 2^42 + 0x60 * 2^35 + 0x20 * 2^7, unit 0x1000: 0, 3 */
    0x00, 0x04, 2, 0x80, 0xA0, 0x80, 0x80, 0x80, 0xE0, 0x1F, 0x80, 0x20, 0, 3,
    /* base 0x1000, unit 0x1000: 1, 0 */
    0x00, 0x04, 2, 0x80, 0x20, 0x80, 0x20, 1, 0};

static void expect_payload(const struct vmpf_sink *sink, uint16_t kind, const void *payload,
                           size_t size)
{
    size_t whole;
    const uint8_t *data = vmpf_sink_memory(sink, &whole);
    size_t at = handmade_find(data, whole, kind, 0);
    assert_true(at != SIZE_MAX);
    assert_int_equal(data[at + 6], 0); /* flags: not critical */
    assert_int_equal(handmade_payload_size(data + at), size);
    assert_memory_equal(data + at + HANDMADE_HEADER_BYTES, payload, size);
}

static void test_labels_as_written(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    vmpf_writer *w;
    uint32_t id;
    const struct vmpf_writer_options options = fixed_options(0);
    assert_int_equal(vmpf_sink_open_memory(&sink, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_label(w, 0, TEXT("state"), TEXT("running"), 7, &id, NULL),
                     VMPF_OK);
    assert_int_equal(vmpf_writer_label(w, id, TEXT("request"), TEXT(""), 300, &id, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    expect_payload(&sink, LABELS, labels_payload, sizeof labels_payload);
    vmpf_writer_abandon(w);
}

static void test_modules_as_written(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    vmpf_writer *w;
    uint32_t id;
    const struct vmpf_writer_options options = fixed_options(0);
    const struct vmpf_module a = {.path = TEXT("/lib/a.so"),
                                  .build_id = TEXT("\x01\x02"),
                                  .address = 0x7f0000001000,
                                  .size_bytes = 0x2000};
    const struct vmpf_module b = {
        .path = TEXT("/lib/b.so"), .address = 0x7f0000004000, .size_bytes = 0x1000};
    assert_int_equal(vmpf_sink_open_memory(&sink, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_module(w, &a, &id, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_module(w, &b, &id, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    expect_payload(&sink, MODULES, modules_payload, sizeof modules_payload);
    vmpf_writer_abandon(w);
}

/* ---- what is read ---------------------------------------------------------------------------------- */

/* A session with the strings "k", "v", "w" and then what the caller adds. */
static void begin_file(struct handmade *file)
{
    static const struct handmade_column columns[] = {{1, PLAIN, 3, {1, 1, 1}},
                                                     {2, 0, 3, {'k', 'v', 'w'}}};
    handmade_begin(file);
    handmade_columns(file, STRINGS, CRITICAL, 1, 3, columns, 2);
}

static vmpf_reader *read_file(const struct handmade *file, struct vmpf_error *error)
{
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    vmpf_status status;
    assert_int_equal(vmpf_source_open_memory(&source, file->bytes, file->size, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    error->status = VMPF_OK;
    do {
        status = vmpf_reader_next(r, &block, error);
    } while (status == VMPF_OK);
    return r;
}

static void test_plain_chunks_are_read(void **state)
{
    (void)state;
    /* Text and number are there for set 2: the number means nothing. No column of numbers for modules. */
    static const struct handmade_column labels[] = {{1, PLAIN, 3, {1, 1, 3}},
                                                    {2, PLAIN, 3, {1, 3, 1}},
                                                    {3, PLAIN, 3, {0, 2, 0}},
                                                    {4, PLAIN, 4, {0xAC, 0x02, 9, 0}}};
    static const struct handmade_column modules[] = {
        {1, PLAIN, 1, {3}},
        {5, PLAIN, 10, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}}};
    struct handmade file;
    struct vmpf_error error;
    begin_file(&file);
    handmade_columns(&file, MODULES, 0, 1, 1, modules, 2);
    handmade_columns(&file, LABELS, 0, 1, 3, labels, 4);
    vmpf_reader *r = read_file(&file, &error);
    assert_int_equal(vmpf_reader_damage(r)->bad_chunks, 0);
    assert_int_equal(vmpf_reader_module_count(r), 3);
    const struct vmpf_module module = vmpf_reader_module(r, 2);
    assert_memory_equal(module.path.data, "w", 1);
    assert_int_equal(module.build_id.size_bytes, 0);
    assert_true(module.file_offset == UINT64_MAX && module.address == 0 && module.size_bytes == 0);
    assert_int_equal(vmpf_reader_label_count(r), 5);
    assert_int_equal(vmpf_reader_label(r, 2).number, 300);
    assert_int_equal(vmpf_reader_label(r, 2).text.size_bytes, 0);
    assert_int_equal(vmpf_reader_label(r, 3).parent, 2);
    assert_memory_equal(vmpf_reader_label(r, 3).key.data, "w", 1);
    assert_memory_equal(vmpf_reader_label(r, 3).text.data, "v", 1);
    assert_int_equal(vmpf_reader_label(r, 3).number, 0);
    assert_int_equal(vmpf_reader_label(r, 4).parent, 0);
    vmpf_reader_close(r);
}

/* A chunk of labels that gives nothing, for that rule; behind it a good one, whose sets are there all the same. */
static void expect_bad(const struct handmade_column *columns, uint32_t column_count, uint32_t count,
                       uint64_t first, const char *rule)
{
    static const struct handmade_column good[] = {{1, PLAIN, 1, {1}}, {2, PLAIN, 1, {1}}};
    struct handmade file;
    struct vmpf_error error;
    begin_file(&file);
    handmade_columns(&file, LABELS, 0, first, count, columns, column_count);
    handmade_columns(&file, LABELS, 0, 1, 1, good, 2);
    vmpf_reader *r = read_file(&file, &error);
    assert_int_equal(vmpf_reader_damage(r)->bad_chunks, 1);
    assert_string_equal(vmpf_reader_damage(r)->first.rule, rule);
    assert_int_equal(vmpf_reader_label_count(r), 3);
    vmpf_reader_close(r);
}

static void test_broken_rules_of_labels(void **state)
{
    (void)state;
    static const struct handmade_column zero[] = {{1, PLAIN, 1, {0}}, {2, PLAIN, 1, {1}}};
    static const struct handmade_column far[] = {{1, PLAIN, 2, {1, 3}}, {2, PLAIN, 2, {1, 1}}};
    static const struct handmade_column wide[] = {
        {1, PLAIN, 1, {1}}, {2, PLAIN, 1, {1}}, {3, PLAIN, 5, {0x80, 0x80, 0x80, 0x80, 0x10}}};
    static const struct handmade_column good[] = {{1, PLAIN, 1, {1}}, {2, PLAIN, 1, {1}}};
    expect_bad(zero, 2, 1, 1, "F-5.4-2");
    expect_bad(far, 2, 2, 1, "F-5.4-2");
    expect_bad(zero, 1, 1, 1, "F-4-2"); /* no keys */
    expect_bad(wide, 3, 1, 1, "F-4-5"); /* a string's id of 2^32 */
    expect_bad(good, 2, 1, 4194306, "F-5.2-1");
}

/* [F-5.2-1]: what is missing in between keeps its ids; what is there twice is damage. */
static void test_gaps_of_modules(void **state)
{
    (void)state;
    static const struct handmade_column one[] = {{1, PLAIN, 1, {1}}};
    static const struct handmade_column other[] = {{1, PLAIN, 1, {2}}};
    struct handmade file;
    struct vmpf_error error;
    begin_file(&file);
    handmade_columns(&file, MODULES, 0, 1, 1, one, 1);
    handmade_columns(&file, MODULES, 0, 1, 1, other, 1);
    handmade_columns(&file, MODULES, 0, 4, 1, other, 1);
    vmpf_reader *r = read_file(&file, &error);
    assert_int_equal(vmpf_reader_damage(r)->bad_chunks, 1);
    assert_string_equal(vmpf_reader_damage(r)->first.rule, "F-5.2-1");
    assert_int_equal(vmpf_reader_damage(r)->unknown_names, 2);
    assert_int_equal(vmpf_reader_module_count(r), 2 + 4);
    assert_memory_equal(vmpf_reader_module(r, 2).path.data, "k", 1);
    assert_memory_equal(vmpf_reader_module(r, 3).path.data, "<lost>", 6);
    assert_memory_equal(vmpf_reader_module(r, 4).path.data, "<lost>", 6);
    assert_memory_equal(vmpf_reader_module(r, 5).path.data, "v", 1);
    vmpf_reader_close(r);
}

/* 2^20 sets in a row are a path as long as it may be; one set more breaks the rule, and takes its chunk with it. */
static void test_a_path_that_is_too_long(void **state)
{
    (void)state;
    static const struct handmade_column row[] = {{1, RUNS, 4, {1, 0xFF, 0xFF, 0x3F}},
                                                 {2, RUNS, 4, {1, 0xFF, 0xFF, 0x3F}}};
    static const struct handmade_column more[] = {{1, PLAIN, 2, {2, 2}}, {2, PLAIN, 2, {1, 1}}};
    struct handmade file;
    struct vmpf_error error;
    begin_file(&file);
    handmade_columns(&file, LABELS, 0, 1, 1048576, row, 2);
    /* The first hangs from the last but one of the row, which is allowed; the second from the row's last. */
    handmade_columns(&file, LABELS, 0, 1048577, 2, more, 2);
    vmpf_reader *r = read_file(&file, &error);
    assert_int_equal(vmpf_reader_damage(r)->bad_chunks, 1);
    assert_string_equal(vmpf_reader_damage(r)->first.rule, "F-5.4-3");
    assert_int_equal(vmpf_reader_label_count(r), 2 + 1048576);
    assert_int_equal(vmpf_reader_label(r, 1048577).parent, 1048576);
    vmpf_reader_close(r);
}

/* [F-3-8]: an encoding that is not known ends nothing where the chunk is not critical. */
static void test_unknown_encoding_is_passed_over(void **state)
{
    (void)state;
    static const struct handmade_column unknown[] = {{1, 9, 1, {1}}, {2, PLAIN, 1, {1}}};
    static const struct handmade_column strings[] = {{1, PLAIN, 1, {1}}, {2, 0, 1, {'x'}}};
    struct handmade file;
    struct vmpf_error error;
    begin_file(&file);
    handmade_columns(&file, LABELS, 0, 1, 1, unknown, 2);
    handmade_columns(&file, MODULES, 0, 1, 1, unknown, 2);
    handmade_columns(&file, STRINGS, CRITICAL, 4, 1, strings, 2);
    vmpf_reader *r = read_file(&file, &error);
    assert_int_equal(error.status, VMPF_OK);
    assert_int_equal(vmpf_reader_damage(r)->bad_chunks, 0);
    assert_int_equal(vmpf_reader_label_count(r), 2);
    assert_int_equal(vmpf_reader_module_count(r), 2);
    vmpf_reader_close(r);
}

/* A sample of a set that nobody defined [F-5.2-3]. */
static void test_a_label_that_is_not_there(void **state)
{
    (void)state;
    static const struct handmade_column threads[] = {{1, PLAIN, 1, {7}}};
    static const struct handmade_column samples[] = {{1, PLAIN, 2, {0, 0}},
                                                     {2, PLAIN, 2, {0, 0}},
                                                     {3, PLAIN, 2, {1, 2}},
                                                     {16, PLAIN, 2, {1, 1}},
                                                     {0x8001, PLAIN, 2, {0, 5}}};
    struct handmade file;
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    begin_file(&file);
    handmade_columns(&file, 6, CRITICAL, 0, 1, threads, 1);
    handmade_columns(&file, SAMPLES, CRITICAL, 0, 2, samples, 5);
    assert_int_equal(vmpf_source_open_memory(&source, file.bytes, file.size, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
    assert_int_equal(block.count, 2);
    assert_int_equal(block.label[0], 0);
    assert_int_equal(block.label[1], 1);
    assert_int_equal(vmpf_reader_damage(r)->unknown_names, 1);
    vmpf_reader_close(r);
}

/* The tables of labels and modules count against the reader's limit as the others do. */
static void test_memory_limit(void **state)
{
    (void)state;
    static const struct handmade_column row[] = {{1, RUNS, 4, {1, 0xFF, 0xFF, 0x3F}},
                                                 {2, RUNS, 4, {1, 0xFF, 0xFF, 0x3F}}};
    static const uint16_t kinds[] = {LABELS, MODULES};
    for (size_t i = 0; i < 2; i++) {
        struct handmade file;
        struct vmpf_source source;
        vmpf_reader *r;
        struct vmpf_block block;
        const struct vmpf_reader_options options = {.size = sizeof options,
                                                    .memory_limit_bytes = 1048576};
        begin_file(&file);
        handmade_columns(&file, kinds[i], 0, 1, 1048576, row, 2);
        assert_int_equal(vmpf_source_open_memory(&source, file.bytes, file.size, NULL), VMPF_OK);
        assert_int_equal(vmpf_reader_open(&r, source, &options, NULL), VMPF_OK);
        assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_E_LIMIT);
        assert_in_range((uint64_t)vmpf_reader_label_count(r) + vmpf_reader_module_count(r), 10000,
                        40000);
        vmpf_reader_close(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_as_written),
        cmocka_unit_test(test_modules_as_written),
        cmocka_unit_test(test_plain_chunks_are_read),
        cmocka_unit_test(test_broken_rules_of_labels),
        cmocka_unit_test(test_gaps_of_modules),
        cmocka_unit_test(test_a_path_that_is_too_long),
        cmocka_unit_test(test_unknown_encoding_is_passed_over),
        cmocka_unit_test(test_a_label_that_is_not_there),
        cmocka_unit_test(test_memory_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
