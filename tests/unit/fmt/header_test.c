/* What the first bytes can be: nothing, something else, a newer version, a kind of chunk that is not known. */
#include "libvmprof_fmt/src/blocks/chunk.h"
#include "libvmprof_fmt/src/wire/cursor.h"
#include "tests/unit/fmt/fixture.h"

#include <stdlib.h>
#include <string.h>

static void test_not_a_profile(void **state)
{
    (void)state;
    static const char text[] =
        "#!/usr/bin/env python3\nprint('a text file that is longer than a superblock is')\n";
    assert_int_equal(read_all("", 0).status, VMPF_E_TRUNCATED);
    assert_int_equal(read_all("x", 1).status, VMPF_E_NOT_VMPROF);
    struct reading got = read_all(text, sizeof text - 1);
    assert_int_equal(got.status, VMPF_E_NOT_VMPROF);
    assert_string_equal(got.error.rule, "F-2-1");
}

static void test_newer_version(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size;
    make_profile(10, 100, &data, &size);
    data[8] = 2; /* read version */
    vmpfi_store_u32(data + 60, vmpfi_crc32(data, 60));
    struct reading got = read_all(data, size);
    assert_int_equal(got.status, VMPF_E_VERSION);
    assert_string_equal(got.error.rule, "F-2-3");
    assert_non_null(strstr(got.error.message, "version 2"));
    data[8] = 1;
    data[10] = 9; /* write version alone */
    vmpfi_store_u32(data + 60, vmpfi_crc32(data, 60));
    assert_int_equal(read_all(data, size).status, VMPF_OK);
    free(data);
}

/* Puts a chunk of this kind in front of the others, unnumbered so that nothing else changes. */
static struct reading with_chunk(uint16_t kind, uint16_t flags)
{
    uint8_t *data;
    size_t size;
    struct vmpfi_buffer out = {0};
    size_t mark;
    struct vmpfi_chunk_header header = {.kind = kind,
                                        .flags = flags,
                                        .session_id = fixed_options(1).session_id,
                                        .sequence = VMPFI_UNNUMBERED};
    make_profile(10, 100, &data, &size);
    assert_true(vmpfi_buffer_append(&out, data, 64));
    assert_true(vmpfi_chunk_begin(&out, &mark));
    assert_true(vmpfi_buffer_append(&out, "something", 9));
    assert_true(vmpfi_chunk_end(&out, mark, &header));
    assert_true(vmpfi_buffer_append(&out, data + 64, size - 64));
    struct reading got = read_all(out.data, out.size_bytes);
    vmpfi_buffer_fini(&out);
    free(data);
    return got;
}

static void test_kinds_that_are_not_known(void **state)
{
    (void)state;
    struct reading got = with_chunk(99, 0);
    assert_int_equal(got.status, VMPF_OK);
    assert_int_equal(got.samples, 10);
    assert_false(got.damage.damaged);
    got = with_chunk(99, VMPFI_FLAG_CRITICAL);
    assert_int_equal(got.status, VMPF_E_UNSUPPORTED);
    assert_string_equal(got.error.rule, "F-3-4");
    assert_non_null(strstr(got.error.message, "99"));
}

static void test_remains_of_another_session(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size;
    make_profile(10, 100, &data, &size);
    uint8_t *longer = malloc(2 * size);
    assert_non_null(longer);
    memcpy(longer, data, size);
    memcpy(longer + size, data + 64,
           size - 64); /* the same session's chunks again: copies [F-3-5] */
    struct reading got = read_all(longer, 2 * size - 64);
    assert_int_equal(got.samples, 10);
    assert_false(got.damage.damaged);
    free(longer);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_a_profile),
        cmocka_unit_test(test_newer_version),
        cmocka_unit_test(test_kinds_that_are_not_known),
        cmocka_unit_test(test_remains_of_another_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
