/* Logs: every allocation of the reader fails once: it says so, gives everything back, and gives no more than is there. */
#include "tests/fault/fault_alloc.h"
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/made_log.h"

#include <stdlib.h>

static vmpf_status read_log(const uint8_t *data, size_t size_bytes, uint64_t *samples)
{
    struct vmpf_source source;
    struct vmpf_block block;
    vmpf_reader *r = NULL;
    *samples = 0;
    vmpf_status status = vmpf_source_open_memory(&source, data, size_bytes, NULL);
    if (status == VMPF_OK) {
        status = vmpf_reader_open(&r, source, NULL, NULL);
    }
    while (status == VMPF_OK) {
        status = vmpf_reader_next(r, &block, NULL);
        *samples += status == VMPF_OK ? block.count : 0;
    }
    vmpf_reader_close(r);
    return status;
}

/* Returns how many allocations there are. */
static uint64_t fail_each(const uint8_t *data, size_t size_bytes)
{
    uint64_t nth = 0;
    for (bool failed = true; failed; nth++) {
        uint64_t samples;
        fault_alloc_arm(nth);
        vmpf_status status = read_log(data, size_bytes, &samples);
        int64_t live = fault_alloc_live();
        failed = fault_alloc_disarm();
        assert_int_equal(live, 0);
        assert_int_equal(status, failed ? VMPF_E_NOMEM : VMPF_END);
        assert_true(failed ? samples <= 10 : samples == 10);
    }
    return nth - 1;
}

static void test_each_allocation_fails(void **state)
{
    (void)state;
    for (unsigned version = 0; version <= 6; version++) {
        struct made_log log = made_ten(MADE_64, version, 1, version == 2 ? "pypy" : "cpython");
        assert_true(fail_each(log.data, log.size_bytes) > 10);
        made_free(&log);
    }
}

static void test_each_allocation_fails_in_gzip(void **state)
{
    struct made_log log = made_ten(MADE_WINDOWS, 6, 2, "cpython");
    uint8_t *packed = NULL;
    size_t size_bytes = 0;
    (void)state;
    made_gzip(&packed, &size_bytes, log.data, log.size_bytes);
    assert_true(fail_each(packed, size_bytes) > 10);
    free(packed);
    made_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_each_allocation_fails_in_gzip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
