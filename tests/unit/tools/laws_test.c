/* What must hold for every profile: intervals, and self and total against their definitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/tools/fake_feed.h"
#include "tools/analysis/function_table.h"
#include "tools/analysis/interval.h"

static struct fake_feed one;
static struct fake_feed two;
static struct fake_feed *feeds[2] = {&one, &two};
static const struct vmpt_load_options defaults = {.keep_squares = true};

static int setup(void **state)
{
    (void)state;
    fake_feed_init(&one);
    fake_feed_init(&two);
    return 0;
}

/* Wilson's interval, worked out by hand with z = 1.96: of 100, 10 gives 5.52 to 17.44. */
static void intervals_are_wilsons(void **state)
{
    (void)state;
    struct vmpt_interval interval = vmpt_interval95(100000, 1000000, 100);
    assert_in_range(interval.low, 55200, 55300);
    assert_in_range(interval.high, 174300, 174500);
    interval = vmpt_interval95(0, 1000000, 100);
    assert_int_equal(interval.low, 0);
    assert_in_range(interval.high, 36900, 37100);
    interval = vmpt_interval95(1000000, 1000000, 100);
    assert_in_range(interval.low, 962900, 963100);
    assert_int_equal(interval.high, 1000000);
    interval = vmpt_interval95(5, 10, 0);
    assert_int_equal(interval.low, 0);
    assert_int_equal(interval.high, 10);
    interval = vmpt_interval95(0, 0, 0);
    assert_int_equal(interval.high, 0);
    interval = vmpt_interval95(UINT64_MAX, UINT64_MAX, 1e9);
    assert_true(interval.high == UINT64_MAX);
    for (uint64_t weight = 0; weight <= 50; weight++) {
        interval = vmpt_interval95(weight, 50, 1e12);
        assert_true(interval.low <= weight && weight <= interval.high && interval.high <= 50);
    }
}

static void unequal_weights_say_less(void **state)
{
    (void)state;
    assert_true(vmpt_effective_samples(0, 0) == 0);
    for (int i = 0; i < 10; i++) {
        fake_feed_sample(&one, "m", 5);
    }
    struct vmpt_profile *profile = fake_load(feeds, 1, &defaults);
    assert_true(profile->effective_samples > 9.99 && profile->effective_samples < 10.01);
    vmpt_profile_free(profile);
    fake_feed_sample(&one, "m", 1000000);
    profile = fake_load(feeds, 1, &defaults);
    assert_true(profile->effective_samples < 1.01);
    vmpt_profile_free(profile);
}

/* ---- against the definitions, over random profiles ------------------------------------------------- */

#define LETTERS 6

static uint32_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

struct truth {
    uint64_t self[LETTERS];
    uint64_t total[LETTERS];
};

/* A random stack, one letter a frame; what it adds by the definitions of self and total. */
static void add_random_sample(struct fake_feed *feed, struct truth *truth)
{
    char frames[32] = "";
    bool seen[LETTERS] = {false};
    size_t depth = 1 + random_below(8);
    uint32_t letter = 0;
    uint64_t weight = 1 + random_below(100);
    for (size_t i = 0; i < depth; i++) {
        letter = random_below(LETTERS);
        seen[letter] = true;
        frames[2 * i] = (char)('a' + letter);
        frames[2 * i + 1] = i + 1 < depth ? ';' : '\0';
    }
    truth->self[letter] += weight;
    for (size_t i = 0; i < LETTERS; i++) {
        truth->total[i] += seen[i] ? weight : 0;
    }
    fake_feed_sample(feed, frames, weight);
}

static void check_truth(size_t count, const struct vmpt_load_options *options,
                        const struct truth *truth)
{
    struct vmpt_view view;
    struct vmpt_function_table table;
    struct vmpt_frame_filter filter = {.kinds = 0};
    struct vmpt_profile *profile = fake_load(feeds, count, options);
    uint64_t self = 0;
    assert_true(vmpt_view_init(&view, profile, &filter));
    assert_true(vmpt_function_table_init(&table, &view));
    for (size_t i = 0; i < table.count; i++) {
        size_t letter = (size_t)(table.rows[i].function.name[0] - 'a');
        assert_int_equal(table.rows[i].self.weight, truth->self[letter]);
        assert_int_equal(table.rows[i].total.weight, truth->total[letter]);
        self += table.rows[i].self.weight;
    }
    assert_int_equal(self, profile->total.weight);
    vmpt_function_table_fini(&table);
    vmpt_view_fini(&view);
    vmpt_profile_free(profile);
}

static void random_profiles_obey_the_definitions(void **state)
{
    struct vmpt_load_options merged = {
        .keep_squares = true, .merge_nodes = true, .keep_lines = true};
    for (uint32_t round = 0; round < 100; round++) {
        struct truth truth = {{0}, {0}};
        setup(state);
        random_state = round;
        for (uint32_t i = 0; i < 60; i++) {
            add_random_sample(&one, &truth);
        }
        check_truth(1, &defaults, &truth);
        check_truth(1, &merged, &truth);
        for (uint32_t i = 0; i < 60; i++) {
            add_random_sample(&two, &truth);
        }
        check_truth(2, &defaults, &truth);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_wilsons),
        cmocka_unit_test_setup(unequal_weights_say_less, setup),
        cmocka_unit_test(random_profiles_obey_the_definitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
