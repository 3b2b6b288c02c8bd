/* Asking whether memory can be read. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "sampler/signal/probe_sig.h"

#define PAGE ((size_t)4096)

static bool readable(uint64_t address, size_t size)
{
    struct vmps_probe probe;
    memset(&probe, 0, sizeof probe);
    return vmps_probe_readable(&probe, address, size);
}

static void test_mapped_and_unmapped(void **state)
{
    (void)state;
    char *pages = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    uint64_t address = (uint64_t)pages;
    assert_int_equal(munmap(pages + 2 * PAGE, PAGE), 0);
    assert_int_equal(mprotect(pages + 3 * PAGE, PAGE, PROT_NONE), 0);
    assert_true(readable(address, 2 * PAGE));
    assert_true(readable(address + 2 * PAGE - 8, 8));
    assert_false(readable(address + 2 * PAGE - 8, 9));
    assert_false(readable(address + 2 * PAGE, 8));
    assert_false(readable(address + 3 * PAGE, 1));
    assert_false(readable(address, 4 * PAGE));
    munmap(pages, 4 * PAGE);
}

static void test_what_is_no_address(void **state)
{
    (void)state;
    assert_false(readable(0, 8));
    assert_false(readable(16, 8));
    assert_false(readable(UINT64_C(0xFFFFFFFFFFFFFFF0), 64));
    assert_false(readable(UINT64_C(0x0000800000000000), 8));
    assert_false(readable(UINT64_C(0xDEADBEEFDEADBEE8), 8));
    assert_false(readable(UINT64_C(0x00007FFFFFFFFFF8), SIZE_MAX));
}

static void test_the_mask_stays(void **state)
{
    (void)state;
    sigset_t before, after;
    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    uint64_t everything = UINT64_MAX;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_true(readable((uint64_t)&everything, sizeof everything));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_memory_equal(&before, &after, sizeof before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapped_and_unmapped),
        cmocka_unit_test(test_what_is_no_address),
        cmocka_unit_test(test_the_mask_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
