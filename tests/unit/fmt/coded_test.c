/* Encoding 5 (spec section 4.2): bytes worked out by hand from the text, and what breaks its rules. */
#include "libvmprof_fmt/src/columns/coded.h"
#include "tests/unit/fmt/fixture.h"

#include <stdlib.h>
#include <string.h>

/* The example of the spec. */
static const uint8_t example[] = {0x05, 0x24, 0x04, 0xC0, 0x84, 0x3D, 0xE8, 0x07, 0x03,
                                  0x00, 0x6F, 0x6F, 0x01, 0x00, 0x00, 0x28, 0x00};
static const uint64_t example_values[] = {1000000, 1000000, 2000000, 2993000};

static void test_example_of_the_spec(void **state)
{
    (void)state;
    uint64_t values[4] = {0};
    uint64_t count = 0;
    assert_true(vmpfi_coded_count(example, sizeof example, &count));
    assert_int_equal(count, 4);
    assert_null(vmpfi_coded_decode(example, sizeof example, values, 4));
    assert_memory_equal(values, example_values, sizeof values);
}

static void test_writer_of_the_example(void **state)
{
    (void)state;
    const struct vmpfi_coded_plan plan = {.transform = 5,
                                          .number_precision = 4,
                                          .run_precision = 2,
                                          .base = 1000000,
                                          .unit = 1000,
                                          .group_count = 3};
    struct vmpfi_buffer out = {0};
    size_t tail_bytes;
    assert_true(vmpfi_coded_encode(&out, (struct vmpfi_numbers){.wide = example_values}, 4, &plan,
                                   &tail_bytes));
    assert_int_equal(out.size_bytes, sizeof example);
    assert_memory_equal(out.data, example, sizeof example);
    assert_int_equal(tail_bytes, 2);
    vmpfi_buffer_fini(&out);
}

/* Each transform by itself; the numbers are 3, 4, 9 in all of them, at precision 2 (9 = (0 + 4) * 2 + 1: code 8, bit 1). */
static void test_transforms(void **state)
{
    (void)state;
    static const struct {
        uint8_t transform;
        uint64_t values[3];
    } cases[] = {
        {0, {100 + 30, 100 + 40, 100 + 90}},  {1, {130, 170, 260}},
        {2, {100 - 20, 100 + 20, 100 - 50}},  {3, {80, 100, 50}},
        {8, {100 - 30, 100 - 40, 100 - 90}},  {9, {70, 30, UINT64_MAX - 59}},
        {10, {100 + 20, 100 - 20, 100 + 50}}, {11, {120, 100, 150}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint8_t data[] = {cases[i].transform, 0x02, 3, 100, 10, 3, 4, 8, 0x01};
        uint64_t values[3] = {0};
        assert_null(vmpfi_coded_decode(data, sizeof data, values, 3));
        assert_memory_equal(values, cases[i].values, sizeof values);
    }
}

static void test_widest_numbers(void **state)
{
    (void)state;
    /* Precision 2, code 251 = (62 + 1) * 4 - 1: (3 + 4) * 2^61 and 61 bits, all set: 2^64 - 1. */
    const uint8_t data[] = {0, 0x02, 1, 0, 1, 251, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F};
    uint64_t value = 0;
    assert_null(vmpfi_coded_decode(data, sizeof data, &value, 1));
    assert_int_equal(value, UINT64_MAX);
    const uint8_t wider[] = {0, 0x02, 1, 0, 1, 252, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F};
    assert_string_equal(vmpfi_coded_decode(wider, sizeof wider, &value, 1), "F-4.2-2");
}

static void test_no_entries(void **state)
{
    (void)state;
    const uint8_t each[] = {0, 0x04, 0, 0, 1};
    const uint8_t runs[] = {4, 0x24, 0, 0, 1, 0};
    uint64_t value;
    assert_null(vmpfi_coded_decode(each, sizeof each, &value, 0));
    assert_null(vmpfi_coded_decode(runs, sizeof runs, &value, 0));
}

/* One byte of the example is another, or bytes are missing or too many. */
static void test_broken(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t byte;
        const char *rule;
    } cases[] = {
        {0, 0x15, "F-4.2-1"}, {1, 0x21, "F-4.2-2"}, {1, 0x25, "F-4.2-2"}, {1, 0x54, "F-4.2-2"},
        {1, 0x04, "F-4.2-2"}, {0, 0x01, "F-4.2-2"}, {2, 5, "F-4.2-3"},    {8, 5, "F-4.2-3"},
        {12, 0, "F-4.2-3"},   {12, 2, "F-4.2-3"},   {16, 4, "F-4.2-4"},
    };
    uint64_t values[5];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t data[sizeof example];
        memcpy(data, example, sizeof data);
        data[cases[i].at] = cases[i].byte;
        assert_string_equal(vmpfi_coded_decode(data, sizeof data, values, 4), cases[i].rule);
    }
    uint8_t longer[sizeof example + 1] = {0};
    memcpy(longer, example, sizeof example);
    assert_string_equal(vmpfi_coded_decode(longer, sizeof longer, values, 4), "F-4.2-4");
    for (size_t size = 0; size < sizeof example; size++) {
        uint8_t *cut = malloc(size + 1); /* so that a sanitizer sees a step behind the end */
        memcpy(cut, example, size);
        assert_non_null(vmpfi_coded_decode(cut, size, values, 4));
        free(cut);
    }
    uint8_t no_unit[sizeof example - 1];
    memcpy(no_unit, example, 6);
    no_unit[6] = 0;
    memcpy(no_unit + 7, example + 8, sizeof example - 8);
    assert_string_equal(vmpfi_coded_decode(no_unit, sizeof no_unit, values, 4), "F-4.2-3");
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Columns of many characters: times, runs, widths up to 64 bits, multiples of a unit, falling ones. */
static void make_column(uint64_t *values, size_t count, unsigned character, uint64_t *seed)
{
    uint64_t value = next_random(seed) >> (next_random(seed) % 64);
    uint64_t unit = character % 3 == 0 ? 1000 : 1 + 4095 * (character % 2);
    unsigned width = (unsigned)(next_random(seed) % 60);
    for (size_t i = 0; i < count; i++) {
        uint64_t step = (next_random(seed) >> (63 - width)) * unit;
        bool still = character % 5 < 2 && next_random(seed) % 4 != 0;
        bool falls = character % 7 == 0 && next_random(seed) % 2 == 0;
        value = still ? value : falls ? value - step : value + step;
        values[i] = value;
    }
}

static void test_random_columns_come_back(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252;
    for (unsigned round = 0; round < 2000; round++) {
        uint64_t values[100];
        uint64_t back[100];
        size_t count = next_random(&seed) % 100;
        make_column(values, count, round, &seed);
        uint64_t top = 0;
        for (size_t i = 0; i < count; i++) {
            top = values[i] > top ? values[i] : top;
        }
        for (int down = 0; down < 2; down++) {
            const struct vmpfi_numbers numbers = {.wide = values};
            struct vmpfi_buffer out = {0};
            size_t tail_bytes;
            struct vmpfi_coded_plan plan = down != 0 ? vmpfi_coded_plan_down(numbers, count, top)
                                                     : vmpfi_coded_plan(numbers, count);
            assert_true(vmpfi_coded_encode(&out, numbers, count, &plan, &tail_bytes));
            assert_null(vmpfi_coded_decode(out.data, out.size_bytes, back, count));
            assert_memory_equal(back, values, count * sizeof *values);
            assert_true(tail_bytes <= out.size_bytes);
            vmpfi_buffer_fini(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example_of_the_spec),
        cmocka_unit_test(test_writer_of_the_example),
        cmocka_unit_test(test_transforms),
        cmocka_unit_test(test_widest_numbers),
        cmocka_unit_test(test_no_entries),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_random_columns_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
