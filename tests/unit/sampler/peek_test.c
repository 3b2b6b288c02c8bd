/* Loads from memory that is not there any more are answered, and told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "sampler/vm/peek.h"

#define PAGE_BYTES 4096u

static uint8_t *map_pages(size_t count)
{
    void *pages =
        mmap(NULL, count * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    return pages;
}

static void test_what_is_there(void **state)
{
    (void)state;
    struct vmps_peek peek;
    uint8_t *page = map_pages(1);
    for (unsigned i = 0; i < PAGE_BYTES; i++) {
        page[i] = (uint8_t)(i * 7 + i / 256);
    }
    vmps_peek_begin(&peek);
    /* Across the windows' ends too. */
    for (unsigned at = 0; at + 8 <= PAGE_BYTES; at += 3) {
        uint64_t word;
        uint32_t half;
        memcpy(&word, page + at, sizeof word);
        memcpy(&half, page + at, sizeof half);
        assert_true(vmps_peek64((uint64_t)page + at) == word);
        assert_true(vmps_peek32((uint64_t)page + at) == half);
        assert_int_equal(vmps_peek8((uint64_t)page + at), page[at]);
    }
    assert_false(vmps_peek_failed());
    munmap(page, PAGE_BYTES);
}

static void test_what_is_gone(void **state)
{
    (void)state;
    struct vmps_peek peek;
    uint8_t *pages = map_pages(2);
    uint8_t copy[16];
    memset(pages, 0x55, 2 * (size_t)PAGE_BYTES);
    munmap(pages + PAGE_BYTES, PAGE_BYTES);
    vmps_peek_begin(&peek);
    assert_int_equal(vmps_peek8((uint64_t)pages + PAGE_BYTES - 1), 0x55);
    assert_false(vmps_peek_failed());
    assert_false(vmps_peek_copy(copy, (uint64_t)pages + PAGE_BYTES - 8, sizeof copy));
    assert_int_equal(vmps_peek64((uint64_t)pages + PAGE_BYTES), 0);
    assert_true(vmps_peek_failed());
    vmps_peek_begin(&peek);
    assert_false(vmps_peek_failed());
    (void)vmps_peek64((uint64_t)pages + PAGE_BYTES - 4);
    assert_true(vmps_peek_failed());
    vmps_peek_begin(&peek);
    assert_int_equal(vmps_peek64(0), 0);
    assert_true(vmps_peek_failed());
    munmap(pages, PAGE_BYTES);
}

/* What was loaded stays as it was until the next beginning. */
static void test_a_walk_sees_one_state(void **state)
{
    (void)state;
    struct vmps_peek peek;
    uint8_t *page = map_pages(1);
    vmps_peek_begin(&peek);
    assert_int_equal(vmps_peek8((uint64_t)page), 0);
    page[0] = 1;
    assert_int_equal(vmps_peek8((uint64_t)page), 0);
    vmps_peek_begin(&peek);
    assert_int_equal(vmps_peek8((uint64_t)page), 1);
    munmap(page, PAGE_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_there),
        cmocka_unit_test(test_what_is_gone),
        cmocka_unit_test(test_a_walk_sees_one_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
