/* How sure the tools say that they are, held against simulated profiles whose truth is known.
 *
 * Nothing here knows a formula of the tools: it draws samples of known shares and counts how often what is said of them holds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/tools/fake_feed.h"
#include "tools/analysis/difference.h"
#include "tools/analysis/interval.h"

/* xorshift64*, G. Marsaglia and S. Vigna. */
static uint64_t random_state = 88172645463325252u;

static double random_share(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (double)((random_state * 2685821657736338717u) >> 11) / 9007199254740992.0;
}

/* ---- intervals ------------------------------------------------------------------------------------- */

#define SIMULATED_PROFILES 10000

/* One profile of a function with this share: whether its interval holds the truth. */
static bool holds_truth(double share, size_t samples, bool unequal)
{
    uint64_t total = 0;
    uint64_t mine = 0;
    double squares = 0;
    for (size_t i = 0; i < samples; i++) {
        uint64_t weight = unequal ? 1000 + (uint64_t)(9000 * random_share()) : 1000;
        total += weight;
        squares += (double)weight * (double)weight;
        mine += random_share() < share ? weight : 0;
    }
    struct vmpt_interval interval =
        vmpt_interval95(mine, total, vmpt_effective_samples(total, squares));
    double truth = share * (double)total;
    return (double)interval.low <= truth && truth <= (double)interval.high;
}

static void check_coverage(bool unequal)
{
    size_t held = 0;
    for (size_t i = 0; i < SIMULATED_PROFILES; i++) {
        size_t samples = 20 + (size_t)(1500 * random_share());
        held += holds_truth(0.01 + 0.98 * random_share(), samples, unequal);
    }
    print_message("%s weights: %zu of %d intervals hold the truth\n", unequal ? "unequal" : "equal",
                  held, SIMULATED_PROFILES);
    assert_in_range(held, SIMULATED_PROFILES * 945 / 1000, SIMULATED_PROFILES * 965 / 1000);
}

static void intervals_hold_the_truth(void **state)
{
    (void)state;
    check_coverage(false);
    check_coverage(true);
}

/* ---- differences ----------------------------------------------------------------------------------- */

#define FUNCTIONS 12
#define PAIRS 400
#define SAMPLES ((size_t)500)

static struct fake_feed feeds[2];

/* Samples of functions a to l, with shares that fall from each to the next; a's is `first`. */
static void draw(struct fake_feed *feed, size_t samples, double first)
{
    fake_feed_init(feed);
    for (size_t i = 0; i < samples; i++) {
        char name[] = "a";
        double at = random_share();
        double share = first;
        while (at >= share && name[0] < 'a' + FUNCTIONS - 1) {
            at -= share;
            share = (1 - first) / 4 * pow(0.75, name[0] - 'a');
            name[0]++;
        }
        fake_feed_sample(feed, name, 1000 + (uint64_t)(500 * random_share()));
    }
}

/* Of two drawn profiles, how many functions' selves are called significantly different; -1 in *first: a's is less. */
static size_t significant(size_t before, size_t after, double was, double is, bool normalise,
                          bool *first)
{
    static const struct vmpt_load_options options = {.keep_squares = true};
    const struct vmpt_frame_filter filter = {.kinds = 0};
    struct vmpt_profile *profiles[2];
    struct vmpt_view views[2];
    struct vmpt_difference difference;
    size_t found = 0;
    draw(&feeds[0], before, was);
    draw(&feeds[1], after, is);
    for (size_t i = 0; i < 2; i++) {
        struct fake_feed *feed = &feeds[i];
        profiles[i] = fake_load(&feed, 1, &options);
        assert_true(vmpt_view_init(&views[i], profiles[i], &filter));
    }
    assert_true(vmpt_difference_init(&difference, &views[0], &views[1], normalise));
    *first = false;
    for (size_t i = 0; i < difference.count; i++) {
        found += difference.rows[i].self.significant;
        *first |= difference.rows[i].self.significant && difference.rows[i].function.name[0] == 'a';
    }
    vmpt_difference_fini(&difference);
    for (size_t i = 0; i < 2; i++) {
        vmpt_view_fini(&views[i]);
        vmpt_profile_free(profiles[i]);
    }
    return found;
}

/* Where nothing changed, at most one comparison in twenty says that anything did (5 %, with room for chance: 400 pairs
 * give 20, and more than 33 once in 500); and some do, or the test would tell nothing. */
static void check_silence(size_t before, size_t after, double after_share, bool normalise)
{
    size_t false_alarms = 0;
    bool first;
    for (size_t i = 0; i < PAIRS; i++) {
        false_alarms += significant(before, after, 0.3, after_share, normalise, &first) > 0;
    }
    print_message("%zu and %zu samples: %zu of %d pairs that are the same differ\n", before, after,
                  false_alarms, PAIRS);
    assert_in_range(false_alarms, 2, 33);
}

static void what_is_the_same_differs_seldom(void **state)
{
    (void)state;
    check_silence(SAMPLES, SAMPLES, 0.3, true);
    check_silence(SAMPLES, 2 * SAMPLES, 0.3, true);
    check_silence(SAMPLES, SAMPLES, 0.3, false);
}

static void what_changed_is_found(void **state)
{
    (void)state;
    size_t found = 0;
    size_t others = 0;
    for (size_t i = 0; i < 100; i++) {
        bool first;
        others += significant(SAMPLES, SAMPLES, 0.3, 0.45, true, &first);
        found += first;
    }
    print_message("a share of 30 %% that became 45 %% was found in %zu of 100 pairs\n", found);
    assert_in_range(found, 90, 100);
    assert_true(others >= found);
}

/* The same shares from a program that ran twice as long: no difference of shares, a large one of weights. */
static void length_matters_to_weights_only(void **state)
{
    (void)state;
    bool first;
    assert_true(significant(SAMPLES, 3 * SAMPLES, 0.3, 0.3, false, &first) > 3 && first);
    assert_int_equal(significant(SAMPLES, 3 * SAMPLES, 0.3, 0.3, true, &first), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_hold_the_truth),
        cmocka_unit_test(what_is_the_same_differs_seldom),
        cmocka_unit_test(what_changed_is_found),
        cmocka_unit_test(length_matters_to_weights_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
