/* Sets of labels as no writer makes them: deep ones, ids that are in no table, parents that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/analysis/labels.h"

#define DEPTH 1000000u

/* Counts how often it is asked, so that a chain that is walked again for each of its sets shows. */
struct chain {
    uint64_t asked;
    uint32_t count;
    uint32_t parent_of_last; /* of set count - 1, in place of the one before it */
};

static struct chain chain;

static struct vmpf_label label_of(const void *ctx, uint32_t id)
{
    const struct chain *labels = ctx;
    struct vmpf_label label = {.parent = id - 1, .key = {"depth", 5}, .number = id};
    chain.asked++;
    if (id == 1) {
        label.key = (struct vmpf_string){"first", 5};
        label.text = (struct vmpf_string){"yes", 3};
    }
    if (id + 1 == labels->count) {
        label.parent = labels->parent_of_last;
    }
    return label;
}

static uint32_t label_count(const void *ctx)
{
    return ((const struct chain *)ctx)->count;
}

static void start(struct vmpt_label_sets *sets, const struct vmpt_label_filter *filter,
                  uint32_t count, uint32_t parent_of_last)
{
    chain = (struct chain){.count = count, .parent_of_last = parent_of_last};
    vmpt_label_sets_init(sets, filter, "first");
    vmpt_label_sets_restart(sets, label_of, label_count, &chain);
}

static void a_deep_set_costs_its_depth_once(void **state)
{
    const struct vmpt_label_pattern any = {.key = "first"};
    const struct vmpt_label_filter filter = {&any, 1};
    struct vmpt_label_sets sets;
    bool failed = false;
    (void)state;
    start(&sets, &filter, DEPTH, DEPTH - 2);
    for (uint32_t id = DEPTH - 1; id > 0; id--) {
        assert_true(vmpt_label_sets_keeps(&sets, id, &failed));
        assert_int_equal(vmpt_label_sets_find(&sets, id, &failed), 1);
    }
    assert_false(failed);
    assert_true(chain.asked < 8 * (uint64_t)DEPTH);
    vmpt_label_sets_fini(&sets);
}

static void ids_that_are_in_no_table_have_no_labels(void **state)
{
    const struct vmpt_label_pattern any = {.key = "first"};
    const struct vmpt_label_filter filter = {&any, 1};
    struct vmpt_label_sets sets;
    bool failed = false;
    (void)state;
    start(&sets, &filter, 10, 8);
    assert_false(vmpt_label_sets_keeps(&sets, 0, &failed));
    assert_false(vmpt_label_sets_keeps(&sets, 10, &failed));
    assert_false(vmpt_label_sets_keeps(&sets, UINT32_MAX, &failed));
    assert_int_equal(vmpt_label_sets_find(&sets, UINT32_MAX, &failed), 0);
    assert_int_equal(chain.asked, 0);
    assert_false(failed);
    vmpt_label_sets_fini(&sets);
}

static void a_parent_that_is_not_before_its_set_is_none(void **state)
{
    const struct vmpt_label_filter filter = {NULL, 0};
    struct vmpt_label_sets sets;
    bool failed = false;
    (void)state;
    for (uint32_t parent = 9; parent < 12; parent++) {
        start(&sets, &filter, 10, parent);
        assert_int_equal(vmpt_label_sets_find(&sets, 9, &failed), 0);
        assert_int_equal(vmpt_label_sets_find(&sets, 8, &failed), 1);
        assert_true(vmpt_label_sets_keeps(&sets, 9, &failed));
        vmpt_label_sets_fini(&sets);
    }
    assert_false(failed);
}

static void a_new_epoch_forgets(void **state)
{
    const struct vmpt_label_pattern any = {.key = "first"};
    const struct vmpt_label_filter filter = {&any, 1};
    struct vmpt_label_sets sets;
    bool failed = false;
    (void)state;
    start(&sets, &filter, 10, 8);
    assert_true(vmpt_label_sets_keeps(&sets, 9, &failed));
    chain.parent_of_last = 0;
    assert_true(vmpt_label_sets_keeps(&sets, 9, &failed));
    vmpt_label_sets_restart(&sets, label_of, label_count, &chain);
    assert_false(vmpt_label_sets_keeps(&sets, 9, &failed));
    assert_int_equal(vmpt_label_sets_find(&sets, 9, &failed), 0);
    vmpt_label_sets_restart(&sets, NULL, NULL, NULL);
    assert_false(vmpt_label_sets_keeps(&sets, 9, &failed));
    assert_false(failed);
    vmpt_label_sets_fini(&sets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deep_set_costs_its_depth_once),
        cmocka_unit_test(ids_that_are_in_no_table_have_no_labels),
        cmocka_unit_test(a_parent_that_is_not_before_its_set_is_none),
        cmocka_unit_test(a_new_epoch_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
