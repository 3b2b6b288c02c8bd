/* The table of published code: found again, told apart, full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sampler/signal/codes_sig.h"

#define CAPACITY ((size_t)1 << 24)
#define HEADER_BYTES 192u

struct fixture {
    struct vmpf_journal *journal;
    struct vmps_ring ring;
    struct vmps_codes codes;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->journal = aligned_alloc(64, HEADER_BYTES + CAPACITY);
    f->codes.entries = calloc(VMPS_CODES_ENTRIES, sizeof *f->codes.entries);
    assert_non_null(f->journal);
    assert_non_null((void *)(uintptr_t)f->codes.entries);
    memset(f->journal, 0, HEADER_BYTES + CAPACITY);
    f->journal->header_size_bytes = HEADER_BYTES;
    f->journal->capacity_bytes = CAPACITY;
    vmps_ring_init(&f->ring, f->journal);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    free((void *)(uintptr_t)f->codes.entries);
    free(f->journal);
    free(f);
    return 0;
}

static const struct vmps_code code = {
    .address = 0x1000,
    .first_line = 7,
    .kind = 1,
    .line_encoding = VMPF_LINES_LNOTAB_SIGNED,
    .name = {.data = "f", .size_bytes = 1},
    .file = {.data = "x.py\0", .size_bytes = 4, .encoding = VMPF_TEXT_LATIN1},
    .lines = "123456789",
    .lines_size_bytes = 9,
};

static void test_the_row_tells_the_code(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(vmps_codes_publish(&f->codes, &f->ring, 42, &code), 1);
    const uint64_t *row = (const uint64_t *)(const void *)f->ring.bytes;
    struct vmpf_row_code fixed;
    memcpy(&fixed, row + 1, sizeof fixed);
    assert_int_equal(row[0] & VMPF_ROW_MAX_WORDS, 1 + 4 + 1 + 1 + 2);
    assert_int_equal(fixed.code, 1);
    assert_int_equal(fixed.first_line, 7);
    assert_int_equal(fixed.address, 0x1000);
    assert_int_equal(fixed.file_encoding, VMPF_TEXT_LATIN1);
    assert_int_equal(fixed.lines_size_bytes, 9);
    assert_memory_equal(row + 5, "f\0\0\0\0\0\0\0x.py\0\0\0\000123456789\0\0\0\0\0\0\0", 32);
}

static void test_a_code_is_found_again(void **state)
{
    struct fixture *f = *state;
    uint64_t hash = UINT64_C(0xFEDCBA9876543210);
    assert_int_equal(vmps_codes_find(&f->codes, hash), 0);
    uint32_t id = vmps_codes_publish(&f->codes, &f->ring, hash, &code);
    assert_int_equal(vmps_codes_find(&f->codes, hash), id);
    /* The same slot, another tag. */
    assert_int_equal(vmps_codes_find(&f->codes, hash ^ UINT64_C(1) << 60), 0);
    uint32_t other = vmps_codes_publish(&f->codes, &f->ring, hash ^ UINT64_C(1) << 60, &code);
    assert_int_not_equal(other, id);
    assert_int_equal(vmps_codes_find(&f->codes, hash), id);
    assert_int_equal(vmps_codes_find(&f->codes, hash ^ UINT64_C(1) << 60), other);
}

static void test_a_crowded_slot_gives_new_numbers(void **state)
{
    struct fixture *f = *state;
    uint32_t last = 0;
    for (uint64_t tag = 1; tag <= 100; tag++) {
        last = vmps_codes_publish(&f->codes, &f->ring, tag << 40, &code);
        assert_int_equal(last, tag);
    }
    assert_int_equal(vmps_codes_find(&f->codes, UINT64_C(32) << 40), 32);
    assert_int_equal(vmps_codes_find(&f->codes, UINT64_C(33) << 40), 0);
    assert_int_equal(vmps_codes_publish(&f->codes, &f->ring, UINT64_C(33) << 40, &code), last + 1);
}

static void test_no_room_is_not_remembered(void **state)
{
    struct fixture *f = *state;
    f->ring.capacity_bytes = 64;
    assert_int_equal(vmps_codes_publish(&f->codes, &f->ring, 42, &code), 0);
    assert_int_equal(vmps_codes_find(&f->codes, 42), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_row_tells_the_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_code_is_found_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_crowded_slot_gives_new_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_room_is_not_remembered, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
