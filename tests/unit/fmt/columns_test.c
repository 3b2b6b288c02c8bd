/* Integer encodings, codecs, varints, line tables: each against figures worked out by hand from the spec. */
#include "libvmprof_fmt/src/columns/column.h"
#include "libvmprof_fmt/src/journal/lines.h"
#include "libvmprof_fmt/src/journal/text.h"
#include "libvmprof_fmt/src/wire/cursor.h"
#include "tests/unit/fmt/fixture.h"

#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf_journal.h>
#include <zlib.h>

static void test_varint(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        size_t size;
        uint8_t bytes[10];
    } cases[] = {
        {0, 1, {0x00}},
        {127, 1, {0x7F}},
        {128, 2, {0x80, 0x01}},
        {300, 2, {0xAC, 0x02}},
        {UINT64_MAX, 10, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[10];
        uint64_t value;
        assert_int_equal(vmpfi_store_varint(bytes, cases[i].value), cases[i].size);
        assert_int_equal(vmpfi_varint_size(cases[i].value), cases[i].size);
        assert_memory_equal(bytes, cases[i].bytes, cases[i].size);
        struct vmpfi_cursor cursor = vmpfi_cursor_of(bytes, cases[i].size);
        assert_true(vmpfi_read_varint(&cursor, &value));
        assert_true(value == cases[i].value);
        cursor = vmpfi_cursor_of(bytes, cases[i].size - 1);
        assert_false(vmpfi_read_varint(&cursor, &value));
    }
    static const uint8_t too_large[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02};
    struct vmpfi_cursor cursor = vmpfi_cursor_of(too_large, sizeof too_large);
    uint64_t value;
    assert_false(vmpfi_read_varint(&cursor, &value));
}

static void test_crc(void **state)
{
    (void)state;
    assert_int_equal(vmpfi_crc32("123456789", 9),
                     0xCBF43926); /* the check value of CRC-32/ISO-HDLC */
}

static void test_encodings_by_hand(void **state)
{
    (void)state;
    static const uint64_t values[] = {5, 5, 5, 4, 300};
    static const struct {
        size_t size;
        enum vmpfi_encoding encoding;
        uint8_t bytes[12];
    } cases[] = {
        {6, VMPFI_ENCODING_PLAIN, {5, 5, 5, 4, 0xAC, 0x02}},
        {6, VMPFI_ENCODING_DELTA, {10, 0, 0, 1, 0xD0, 0x04}},
        {7, VMPFI_ENCODING_RUNS, {5, 2, 4, 0, 0xAC, 0x02, 0}},
        {9, VMPFI_ENCODING_DELTA_RUNS, {10, 0, 0, 1, 1, 0, 0xD0, 0x04, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vmpfi_buffer out = {0};
        uint64_t back[5];
        assert_true(vmpfi_column_encode_as(&out, values, 5, cases[i].encoding));
        assert_int_equal(out.size_bytes, cases[i].size);
        assert_memory_equal(out.data, cases[i].bytes, cases[i].size);
        assert_true(vmpfi_column_decode(out.data, out.size_bytes, cases[i].encoding, back, 5));
        assert_memory_equal(back, values, sizeof values);
        assert_false(vmpfi_column_decode(out.data, out.size_bytes, cases[i].encoding, back, 4));
        assert_false(vmpfi_column_decode(out.data, out.size_bytes - 1, cases[i].encoding, back, 5));
        vmpfi_buffer_fini(&out);
    }
}

static void test_random_columns_come_back(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252;
    for (int round = 0; round < 300; round++) {
        uint64_t values[200];
        uint64_t back[200];
        size_t count = seed % 200;
        for (size_t i = 0; i < count; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            values[i] =
                i > 0 && seed % 3 != 0 ? values[i - 1] + (uint64_t)(round % 2) : seed >> seed % 64;
        }
        struct vmpfi_buffer out = {0};
        enum vmpfi_encoding encoding;
        assert_true(vmpfi_column_encode(&out, values, count, &encoding));
        assert_true(vmpfi_column_decode(out.data, out.size_bytes, encoding, back, count));
        assert_memory_equal(back, values, count * sizeof *values);
        vmpfi_buffer_fini(&out);
    }
}

static void test_codec(void **state)
{
    (void)state;
    uint8_t data[1000];
    uint8_t back[1001];
    struct vmpfi_buffer out = {0};
    struct libdeflate_compressor *deflater = NULL;
    struct libdeflate_decompressor *inflater = NULL;
    enum vmpfi_codec codec;
    memset(data, 'x', sizeof data);
    assert_int_equal(vmpfi_deflate(&deflater, &out, data, sizeof data, 0, &codec), VMPF_OK);
    assert_int_equal(codec, VMPFI_CODEC_ZLIB);
    assert_true(out.size_bytes < 50);
    const size_t size = out.size_bytes;
    assert_int_equal(vmpfi_inflate(&inflater, out.data, size, back, 1000), VMPF_OK);
    assert_memory_equal(back, data, 1000);
    assert_int_equal(vmpfi_inflate(&inflater, out.data, size, back, 999), VMPF_E_CORRUPT);
    assert_int_equal(vmpfi_inflate(&inflater, out.data, size, back, 1001), VMPF_E_CORRUPT);
    assert_int_equal(vmpfi_inflate(&inflater, out.data, size - 1, back, 1000), VMPF_E_CORRUPT);
    assert_true(vmpfi_buffer_append(&out, "", 1)); /* a byte behind the stream [F-4-3] */
    assert_int_equal(vmpfi_inflate(&inflater, out.data, size + 1, back, 1000), VMPF_E_CORRUPT);
    out.size_bytes = 0;
    assert_int_equal(vmpfi_deflate(&deflater, &out, data, 5, 0, &codec), VMPF_OK);
    assert_int_equal(codec, VMPFI_CODEC_STORED);
    out.size_bytes = 0;
    memcpy(data + 990, "0123456789", 10);
    assert_int_equal(vmpfi_deflate(&deflater, &out, data, 1000, 10, &codec), VMPF_OK);
    assert_int_equal(codec, VMPFI_CODEC_ZLIB_TAIL);
    assert_memory_equal(out.data + out.size_bytes - 10, "0123456789", 10);
    vmpfi_buffer_fini(&out);
    vmpfi_deflater_free(deflater);
    vmpfi_inflater_free(inflater);
}

/* zlib itself reads our streams: it is the reference, whatever faster library we use. */
static void test_streams_are_zlibs(void **state)
{
    (void)state;
    uint8_t data[3000];
    uint8_t back[3000];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * i >> 5 & 7);
    }
    struct vmpfi_buffer out = {0};
    struct libdeflate_compressor *deflater = NULL;
    enum vmpfi_codec codec;
    uLongf size = sizeof back;
    assert_int_equal(vmpfi_deflate(&deflater, &out, data, sizeof data, 0, &codec), VMPF_OK);
    assert_int_equal(codec, VMPFI_CODEC_ZLIB);
    assert_int_equal(uncompress(back, &size, out.data, (uLong)out.size_bytes), Z_OK);
    assert_int_equal(size, sizeof data);
    assert_memory_equal(back, data, sizeof data);
    vmpfi_buffer_fini(&out);
    vmpfi_deflater_free(deflater);
}

static void test_line_tables(void **state)
{
    (void)state;
    /* offsets 0..5 line 10, 6..11 line 11, 12.. line 9 (unsigned: 10, 11, 265) */
    static const uint8_t lnotab[] = {6, 1, 6, 254};
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LNOTAB_SIGNED, lnotab, 4, 10, 0), 10);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LNOTAB_SIGNED, lnotab, 4, 10, 6), 11);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LNOTAB_SIGNED, lnotab, 4, 10, 500), 9);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LNOTAB_UNSIGNED, lnotab, 4, 10, 12), 265);
    /* [0,4) line 10, [4,8) no line, [8,12) line 12 */
    static const uint8_t table310[] = {4, 0, 4, 0x80, 4, 2};
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LINETABLE_310, table310, 6, 10, 3), 10);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LINETABLE_310, table310, 6, 10, 5), 10);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LINETABLE_310, table310, 6, 10, 8), 12);
    /* short form, 1 unit: line 10; code 11, 2 units: 11; no column, signed -3, 1 unit: 8; long form +64: 72; none */
    static const uint8_t table311[] = {0x80, 0x00, 0xD9, 0x01, 0x02, 0xE8, 0x07,
                                       0xF0, 0x40, 0x02, 0x00, 0x01, 0x01, 0xF8};
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LOCATIONS_311, table311, sizeof table311, 10, 0), 10);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LOCATIONS_311, table311, sizeof table311, 10, 2), 11);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LOCATIONS_311, table311, sizeof table311, 10, 4), 11);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LOCATIONS_311, table311, sizeof table311, 10, 6), 8);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LOCATIONS_311, table311, sizeof table311, 10, 8), 72);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_NONE, NULL, 0, 10, 8), 10);
    assert_int_equal(vmpfi_line_at(VMPF_LINES_LOCATIONS_311, NULL, 0, 10, VMPF_NO_OFFSET), 10);
}

static void test_text(void **state)
{
    (void)state;
    static const uint8_t latin1[] = {'h', 0xE9};
    static const uint8_t ucs2[] = {0xAC, 0x20, 0xE9,
                                   0xDC}; /* the euro sign, and byte E9 as a surrogate */
    static const uint8_t ucs4[] = {0x00, 0xF6, 0x01, 0x00}; /* U+1F600 */
    struct vmpfi_buffer out = {0};
    assert_true(vmpfi_text_to_utf8(&out, VMPF_TEXT_LATIN1, latin1, 2));
    assert_true(vmpfi_text_to_utf8(&out, VMPF_TEXT_UCS2, ucs2, 4));
    assert_true(vmpfi_text_to_utf8(&out, VMPF_TEXT_UCS4, ucs4, 4));
    assert_true(vmpfi_text_to_utf8(&out, VMPF_TEXT_UTF8, (const uint8_t *)"z", 1));
    assert_int_equal(out.size_bytes, 12);
    assert_memory_equal(out.data, "h\xC3\xA9\xE2\x82\xAC\xE9\xF0\x9F\x98\x80z", 12);
    vmpfi_buffer_fini(&out);
}

/* [F-7.2-4]: what a text becomes is limited, not what it is. */
static void test_text_that_is_not_sound(void **state)
{
    (void)state;
    static const uint8_t latin1[] = {0xE9, 0xE9, 'a', 'a'};
    static const uint8_t ucs2[] = {0xAC, 0x20, 0xAC, 0x20};
    assert_true(vmpfi_text_is_sound(VMPF_TEXT_LATIN1, latin1, 4, 6));
    assert_false(vmpfi_text_is_sound(VMPF_TEXT_LATIN1, latin1, 4, 5));
    assert_true(vmpfi_text_is_sound(VMPF_TEXT_UTF8, latin1, 4, 4));
    assert_false(vmpfi_text_is_sound(VMPF_TEXT_UTF8, latin1, 4, 3));
    assert_true(vmpfi_text_is_sound(VMPF_TEXT_UCS2, ucs2, 4, 6));
    assert_false(vmpfi_text_is_sound(VMPF_TEXT_UCS2, ucs2, 4, 5));
    assert_false(vmpfi_text_is_sound(VMPF_TEXT_UCS2, ucs2, 3, 100));
    assert_true(vmpfi_text_is_sound(VMPF_TEXT_UCS4, ucs2, 4, 4));
    assert_false(vmpfi_text_is_sound(3, ucs2, 3, 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_varint),
        cmocka_unit_test(test_crc),
        cmocka_unit_test(test_encodings_by_hand),
        cmocka_unit_test(test_random_columns_come_back),
        cmocka_unit_test(test_codec),
        cmocka_unit_test(test_streams_are_zlibs),
        cmocka_unit_test(test_line_tables),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_that_is_not_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
