/* Labels and modules: what is written is read again, over epochs too; ids that are not there are refused. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/handmade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTIONS 3
#define MODULES 13
#define LABELS 15

static vmpf_writer *open_writer(struct vmpf_sink *sink, uint32_t block_samples,
                                uint32_t epoch_max_nodes)
{
    vmpf_writer *w;
    struct vmpf_writer_options options = fixed_options(block_samples);
    options.epoch_max_nodes = epoch_max_nodes;
    assert_int_equal(vmpf_sink_open_memory(sink, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, *sink, &options, NULL), VMPF_OK);
    return w;
}

/* Reads what the sink has by now; w is abandoned once the reader is closed. */
static vmpf_reader *open_reader(const struct vmpf_sink *sink, uint32_t skip_columns)
{
    struct vmpf_source source;
    vmpf_reader *r;
    size_t size;
    const void *data = vmpf_sink_memory(sink, &size);
    const struct vmpf_reader_options options = {.size = sizeof options,
                                                .skip_columns = skip_columns};
    assert_int_equal(vmpf_source_open_memory(&source, data, size, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, &options, NULL), VMPF_OK);
    return r;
}

static void write_sample(vmpf_writer *w, uint64_t time_ns, uint32_t label)
{
    const struct vmpf_thread thread = {.thread_id = 7};
    struct vmpf_sample sample = {.time_ns = time_ns, .values = {1}, .label = label};
    assert_int_equal(vmpf_writer_thread(w, &thread, &sample.thread, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_sample(w, &sample, NULL), VMPF_OK);
}

static uint32_t label(vmpf_writer *w, uint32_t parent, const char *key, const char *text,
                      uint64_t number)
{
    uint32_t id;
    const struct vmpf_string key_string = {.data = key, .size_bytes = strlen(key)};
    const struct vmpf_string text_string = {.data = text, .size_bytes = strlen(text)};
    assert_int_equal(vmpf_writer_label(w, parent, key_string, text_string, number, &id, NULL),
                     VMPF_OK);
    return id;
}

/* "key=value;" for each label of a set, its own first. */
static const char *set_text(const vmpf_reader *r, uint32_t id)
{
    static char text[256];
    size_t at = 0;
    text[0] = '\0';
    for (; id != 0; id = vmpf_reader_label(r, id).parent) {
        const struct vmpf_label got = vmpf_reader_label(r, id);
        at += (size_t)snprintf(text + at, sizeof text - at, "%.*s=", (int)got.key.size_bytes,
                               got.key.data);
        if (got.text.size_bytes > 0) {
            at += (size_t)snprintf(text + at, sizeof text - at, "'%.*s';", (int)got.text.size_bytes,
                                   got.text.data);
        } else {
            at += (size_t)snprintf(text + at, sizeof text - at, "%llu;",
                                   (unsigned long long)got.number);
        }
    }
    return text;
}

static void test_labels_come_back(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    struct vmpf_block block;
    vmpf_writer *w = open_writer(&sink, 0, 0);
    uint32_t request = label(w, 0, "request", "", UINT64_MAX);
    uint32_t running = label(w, request, "state", "running", 0);
    uint32_t other = label(w, 0, "state", "running", 99); /* the number means nothing here */
    assert_int_equal(label(w, request, "state", "running", 5), running);
    assert_int_equal(label(w, 0, "request", "", UINT64_MAX), request);
    assert_int_not_equal(label(w, 0, "request", "", 0), request);
    assert_int_not_equal(label(w, 0, "request", "18446744073709551615", 0), request);
    const uint32_t sets[] = {running, 0, other, request, running};
    for (size_t i = 0; i < 5; i++) {
        write_sample(w, i, sets[i]);
    }
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    vmpf_reader *r = open_reader(&sink, 0);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
    assert_int_equal(block.count, 5);
    assert_string_equal(set_text(r, block.label[0]),
                        "state='running';request=18446744073709551615;");
    assert_int_equal(block.label[1], 0);
    assert_string_equal(set_text(r, block.label[2]), "state='running';");
    assert_int_equal(vmpf_reader_label(r, block.label[2]).number, 0);
    assert_string_equal(set_text(r, block.label[3]), "request=18446744073709551615;");
    assert_int_equal(block.label[4], block.label[0]);
    assert_int_equal(vmpf_reader_label_count(r), 2 + 5);
    assert_string_equal(set_text(r, 1), "<lost>='<lost>';");
    assert_string_equal(set_text(r, 1000), "<lost>='<lost>';");
    assert_int_equal(vmpf_reader_damage(r)->unknown_names, 0);
    vmpf_reader_close(r);
    r = open_reader(&sink, VMPF_COLUMN_LABEL);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
    assert_null(block.label);
    vmpf_reader_close(r);
    vmpf_writer_abandon(w);
}

static uint32_t module(vmpf_writer *w, const char *path, struct vmpf_string build_id,
                       uint64_t address, uint64_t size_bytes, uint64_t file_offset)
{
    uint32_t id;
    const struct vmpf_module entry = {.path = {.data = path, .size_bytes = strlen(path)},
                                      .build_id = build_id,
                                      .address = address,
                                      .size_bytes = size_bytes,
                                      .file_offset = file_offset};
    assert_int_equal(vmpf_writer_module(w, &entry, &id, NULL), VMPF_OK);
    return id;
}

static void test_modules_come_back(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    struct vmpf_block block;
    uint32_t ids[3];
    vmpf_writer *w = open_writer(&sink, 0, 0);
    const struct vmpf_string build_id = {.data = "\0\xFF\x01", .size_bytes = 3};
    uint32_t libc = module(w, "/lib/libc.so", build_id, UINT64_MAX, 0x195000, 0x26000);
    /* Each field is a part of what it is. */
    assert_int_equal(module(w, "/lib/libc.so", build_id, UINT64_MAX, 0x195000, 0x26000), libc);
    assert_int_equal(module(w, "/lib/libm.so", build_id, UINT64_MAX, 0x195000, 0x26000), libc + 1);
    assert_int_equal(module(w, "/lib/libc.so", TEXT(""), UINT64_MAX, 0x195000, 0x26000), libc + 2);
    assert_int_equal(module(w, "/lib/libc.so", build_id, 0, 0x195000, 0x26000), libc + 3);
    assert_int_equal(module(w, "/lib/libc.so", build_id, UINT64_MAX, 0, 0x26000), libc + 4);
    assert_int_equal(module(w, "/lib/libc.so", build_id, UINT64_MAX, 0x195000, 0), libc + 5);
    struct vmpf_function function = {.name = TEXT("f"), .module = libc};
    assert_int_equal(vmpf_writer_function(w, &function, &ids[0], NULL), VMPF_OK);
    function.module = libc + 1;
    assert_int_equal(vmpf_writer_function(w, &function, &ids[1], NULL), VMPF_OK);
    function.module = 0;
    assert_int_equal(vmpf_writer_function(w, &function, &ids[2], NULL), VMPF_OK);
    assert_int_equal(ids[1], ids[0] + 1);
    assert_int_equal(ids[2], ids[0] + 2);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    vmpf_reader *r = open_reader(&sink, 0);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_END);
    assert_int_equal(vmpf_reader_module_count(r), 2 + 6);
    const struct vmpf_module got = vmpf_reader_module(r, vmpf_reader_function(r, 2).module);
    assert_memory_equal(got.path.data, "/lib/libc.so", 12);
    assert_int_equal(got.build_id.size_bytes, 3);
    assert_memory_equal(got.build_id.data, "\0\xFF\x01", 3);
    assert_true(got.address == UINT64_MAX);
    assert_int_equal(got.size_bytes, 0x195000);
    assert_int_equal(got.file_offset, 0x26000);
    assert_memory_equal(vmpf_reader_module(r, vmpf_reader_function(r, 3).module).path.data,
                        "/lib/libm.so", 12);
    assert_int_equal(vmpf_reader_function(r, 4).module, 0);
    assert_int_equal(vmpf_reader_module(r, 0).path.size_bytes, 0);
    assert_memory_equal(vmpf_reader_module(r, 1).path.data, "<lost>", 6);
    assert_memory_equal(vmpf_reader_module(r, 1000).path.data, "<lost>", 6);
    vmpf_reader_close(r);
    vmpf_writer_abandon(w);
}

/* One stack all the time: it is the labels that make the tables grow. */
static void test_labels_begin_epochs(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    struct vmpf_block block;
    uint64_t samples = 0;
    vmpf_writer *w = open_writer(&sink, 4, 6);
    for (uint64_t i = 0; i < 100; i++) {
        char path[16];
        (void)snprintf(path, sizeof path, "/%u", (unsigned)(vmpf_writer_epoch(w) % 3));
        const struct vmpf_function function = {
            .name = TEXT("f"), .module = module(w, path, TEXT("id"), vmpf_writer_epoch(w), 1, 1)};
        uint32_t id;
        assert_int_equal(vmpf_writer_function(w, &function, &id, NULL), VMPF_OK);
        write_sample(w, i, label(w, label(w, 0, "state", "running", 0), "request", "", i));
    }
    assert_int_equal(vmpf_writer_epoch(w), 12); /* 5 sets behind a block, 9 behind the next */
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    vmpf_reader *r = open_reader(&sink, 0);
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++) {
            char expected[64];
            (void)snprintf(expected, sizeof expected, "request=%u;state='running';",
                           (unsigned)block.time_ns[i]);
            assert_int_equal(block.time_ns[i], samples++);
            assert_string_equal(set_text(r, block.label[i]), expected);
        }
    }
    assert_int_equal(samples, 100);
    for (uint32_t i = 2; i < vmpf_reader_function_count(r); i++) {
        const struct vmpf_module got = vmpf_reader_module(r, vmpf_reader_function(r, i).module);
        assert_int_equal(got.address, i - 2);
        assert_int_equal(got.path.data[1] - '0', (i - 2) % 3);
    }
    assert_int_equal(vmpf_reader_damage(r)->unknown_names, 0);
    vmpf_reader_close(r);
    vmpf_writer_abandon(w);
}

static void test_nothing_is_written_of_what_is_not_there(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size;
    make_profile(10, 0, &data, &size);
    assert_true(handmade_find(data, size, MODULES, 0) == SIZE_MAX);
    assert_true(handmade_find(data, size, LABELS, 0) == SIZE_MAX);
    size_t functions = handmade_find(data, size, FUNCTIONS, 0);
    assert_int_equal(data[functions + HANDMADE_HEADER_BYTES + 12], 5); /* columns */
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    assert_int_equal(vmpf_source_open_memory(&source, data, size, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
    assert_int_equal(block.count, 10);
    for (size_t i = 0; i < block.count; i++) {
        assert_int_equal(block.label[i], 0);
    }
    vmpf_reader_close(r);
    free(data);
}

static void test_misuse_changes_nothing(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    uint32_t id = 77;
    vmpf_writer *w = open_writer(&sink, 0, 0);
    const struct vmpf_thread thread = {.thread_id = 7};
    const struct vmpf_function function = {.name = TEXT("f"), .module = 1};
    const struct vmpf_sample sample = {.label = 1};
    const struct vmpf_string none = {.data = NULL, .size_bytes = 3};
    assert_int_equal(vmpf_writer_thread(w, &thread, &id, NULL), VMPF_OK);
    id = 77;
    assert_int_equal(vmpf_writer_function(w, &function, &id, NULL), VMPF_E_ARG);
    assert_int_equal(vmpf_writer_label(w, 1, TEXT("k"), TEXT("v"), 0, &id, NULL), VMPF_E_ARG);
    assert_int_equal(vmpf_writer_label(w, 0, none, TEXT("v"), 0, &id, NULL), VMPF_E_ARG);
    assert_int_equal(vmpf_writer_label(w, 0, TEXT("k"), TEXT("v"), 0, NULL, NULL), VMPF_E_ARG);
    assert_int_equal(vmpf_writer_label(NULL, 0, TEXT("k"), TEXT("v"), 0, &id, NULL), VMPF_E_ARG);
    assert_int_equal(vmpf_writer_module(w, NULL, &id, NULL), VMPF_E_ARG);
    assert_int_equal(vmpf_writer_sample(w, &sample, NULL), VMPF_E_ARG);
    assert_int_equal(id, 77);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    size_t size;
    const uint8_t *data = vmpf_sink_memory(&sink, &size);
    assert_true(handmade_find(data, size, LABELS, 0) == SIZE_MAX);
    assert_true(handmade_find(data, size, MODULES, 0) == SIZE_MAX);
    assert_true(handmade_find(data, size, FUNCTIONS, 0) == SIZE_MAX);
    vmpf_writer_abandon(w);
}

/* [F-5.7-1]: what no reader would take is not written. */
static void test_sets_are_not_too_deep(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    struct vmpf_error error;
    uint32_t id = 0;
    vmpf_writer *w = open_writer(&sink, 0, 0);
    for (uint32_t i = 0; i < VMPF_MAX_DEPTH; i++) {
        assert_int_equal(vmpf_writer_label(w, id, TEXT("k"), TEXT(""), 0, &id, NULL), VMPF_OK);
    }
    assert_int_equal(vmpf_writer_label(w, id, TEXT("k"), TEXT(""), 0, &id, &error), VMPF_E_LIMIT);
    assert_int_equal(id, VMPF_MAX_DEPTH);
    assert_int_equal(vmpf_writer_flush(w, NULL), VMPF_OK);
    vmpf_reader *r = open_reader(&sink, 0);
    struct vmpf_block block;
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_END);
    assert_int_equal(vmpf_reader_label_count(r), 2 + VMPF_MAX_DEPTH);
    assert_int_equal(vmpf_reader_damage(r)->bad_chunks, 0);
    vmpf_reader_close(r);
    vmpf_writer_abandon(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_come_back),
        cmocka_unit_test(test_modules_come_back),
        cmocka_unit_test(test_labels_begin_epochs),
        cmocka_unit_test(test_nothing_is_written_of_what_is_not_there),
        cmocka_unit_test(test_misuse_changes_nothing),
        cmocka_unit_test(test_sets_are_not_too_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
