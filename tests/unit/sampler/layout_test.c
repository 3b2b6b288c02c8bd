/* The table of layouts, and what an interpreter says of itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sampler/vm/cpython_layout.h"
#include "sampler/vm/text.h"

#define DEBUG_WORDS 128

static void test_versions(void **state)
{
    (void)state;
    assert_non_null(vmps_cpython_layout_find(2, 7));
    for (unsigned minor = 6; minor <= 15; minor++) {
        assert_non_null(vmps_cpython_layout_find(3, minor));
    }
    assert_null(vmps_cpython_layout_find(2, 6));
    assert_null(vmps_cpython_layout_find(3, 5));
    assert_null(vmps_cpython_layout_find(3, 16));
    assert_null(vmps_cpython_layout_find(4, 0));
}

static void make_offsets(uint64_t table[DEBUG_WORDS], uint64_t version)
{
    for (uint64_t i = 0; i < DEBUG_WORDS; i++) {
        table[i] = 8 * i;
    }
    memcpy(table, "xdebugpy", 8);
    table[1] = version;
    table[2] = 0;
}

static void test_the_interpreters_word_counts(void **state)
{
    (void)state;
    uint64_t table[DEBUG_WORDS];
    struct vmps_cpython_layout layout = *vmps_cpython_layout_find(3, 13);
    make_offsets(table, 0x030D00F0);
    assert_true(vmps_cpython_layout_refine(&layout, table));
    assert_int_equal(layout.thread_frame, 8 * 23);
    assert_int_equal(layout.frame_owner, 8 * 33);
    assert_int_equal(layout.code_name, 8 * 37);
    layout = *vmps_cpython_layout_find(3, 15);
    make_offsets(table, 0x030F01F0);
    assert_true(vmps_cpython_layout_refine(&layout, table));
    assert_int_equal(layout.thread_id, 8 * 30);
    assert_int_equal(layout.code_bytes, 8 * 56);
}

static void test_what_is_not_believed(void **state)
{
    (void)state;
    uint64_t table[DEBUG_WORDS];
    const struct vmps_cpython_layout *row = vmps_cpython_layout_find(3, 13);
    struct vmps_cpython_layout layout = *row;
    make_offsets(table, 0x030E00F0);
    assert_false(vmps_cpython_layout_refine(&layout, table));
    make_offsets(table, 0x030D00F0);
    table[0]++;
    assert_false(vmps_cpython_layout_refine(&layout, table));
    make_offsets(table, 0x030D00F0);
    table[2] = 1;
    assert_false(vmps_cpython_layout_refine(&layout, table));
    make_offsets(table, 0x030D00F0);
    table[37] = 1 << 20;
    assert_false(vmps_cpython_layout_refine(&layout, table));
    assert_memory_equal(&layout, row, sizeof layout);
}

static void expect_text(uint8_t encoding, const void *data, uint32_t size, const char *utf8)
{
    const struct vmps_text text = {.data = data, .size_bytes = size, .encoding = encoding};
    char buffer[64];
    size_t length = 0;
    bool done = vmps_text_utf8(&text, buffer, sizeof buffer, &length);
    assert_int_equal(done, utf8 != NULL);
    if (utf8 == NULL) {
        return;
    }
    assert_int_equal(length, strlen(utf8));
    assert_memory_equal(buffer, utf8, length);
}

static void test_texts(void **state)
{
    (void)state;
    const uint16_t two[] = {'f', 0x20AC}, surrogate[] = {0xDC80};
    const uint32_t four[] = {'f', 0x1F600};
    expect_text(VMPF_TEXT_UTF8, "f\xC3\xA9", 3, "f\xC3\xA9");
    expect_text(VMPF_TEXT_LATIN1, "f\xE9", 2, "f\xC3\xA9");
    expect_text(VMPF_TEXT_UCS2, two, sizeof two, "f\xE2\x82\xAC");
    expect_text(VMPF_TEXT_UCS4, four, sizeof four, "f\xF0\x9F\x98\x80");
    expect_text(VMPF_TEXT_UCS2, surrogate, sizeof surrogate, NULL);
    expect_text(9, "f", 1, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_the_interpreters_word_counts),
        cmocka_unit_test(test_what_is_not_believed),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
