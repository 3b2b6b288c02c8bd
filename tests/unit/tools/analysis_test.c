/* Loading, viewing and counting, over feeds that are written down here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/tools/fake_feed.h"
#include "tools/analysis/function_table.h"

static struct fake_feed one;
static struct fake_feed two;
static struct fake_feed *feeds[2] = {&one, &two};
static const struct vmpt_load_options defaults;

static int setup(void **state)
{
    (void)state;
    fake_feed_init(&one);
    fake_feed_init(&two);
    return 0;
}

/* The table as "name self/total ..." in samples, in its order. */
static void check_table(const struct vmpt_profile *profile, const struct vmpt_frame_filter *filter,
                        enum vmpt_sort sort, const char *expected)
{
    struct vmpt_view view;
    struct vmpt_function_table table;
    char text[1024] = "";
    size_t used = 0;
    assert_true(vmpt_view_init(&view, profile, filter));
    assert_true(vmpt_function_table_init(&table, &view));
    vmpt_function_table_sort(&table, sort);
    for (size_t i = 0; i < table.count; i++) {
        const struct vmpt_function_row *row = &table.rows[i];
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %d/%d", i ? ", " : "",
                             row->function.name, (int)row->self.samples, (int)row->total.samples);
    }
    assert_string_equal(text, expected);
    vmpt_function_table_fini(&table);
    vmpt_view_fini(&view);
}

static void check(size_t count, const struct vmpt_load_options *options,
                  const struct vmpt_frame_filter *filter, const char *expected)
{
    struct vmpt_profile *profile = fake_load(feeds, count, options);
    check_table(profile, filter, VMPT_SORT_TOTAL, expected);
    vmpt_profile_free(profile);
}

static void an_empty_profile_has_no_rows(void **state)
{
    struct vmpt_frame_filter filter = {.kinds = 0};
    (void)state;
    struct vmpt_profile *profile = fake_load(feeds, 1, &defaults);
    assert_int_equal(profile->total.samples, 0);
    assert_int_equal(profile->thread_count, 0);
    assert_string_equal(profile->metric.name, "cpu");
    check_table(profile, &filter, VMPT_SORT_TOTAL, "");
    vmpt_profile_free(profile);
}

static void recursion_counts_once_a_stack(void **state)
{
    struct vmpt_frame_filter filter = {.kinds = 0};
    (void)state;
    fake_feed_sample(&one, "m;f;f;f", 1);
    fake_feed_sample(&one, "m;f;g;f", 1);
    fake_feed_sample(&one, "m;g", 1);
    fake_feed_sample(&one, "m", 1);
    check(1, &defaults, &filter, "m 1/4, f 2/2, g 1/2");
}

static void callers_come_first_where_totals_are_equal(void **state)
{
    struct vmpt_frame_filter filter = {.kinds = 0};
    (void)state;
    fake_feed_sample(&one, "z;y;b", 1);
    fake_feed_sample(&one, "z;y;a", 1);
    struct vmpt_profile *profile = fake_load(feeds, 1, &defaults);
    check_table(profile, &filter, VMPT_SORT_TOTAL, "z 0/2, y 0/2, a 1/1, b 1/1");
    check_table(profile, &filter, VMPT_SORT_SELF, "a 1/1, b 1/1, z 0/2, y 0/2");
    check_table(profile, &filter, VMPT_SORT_NAME, "a 1/1, b 1/1, y 0/2, z 0/2");
    vmpt_profile_free(profile);
}

static void hidden_weight_goes_to_the_caller_that_is_shown(void **state)
{
    struct vmpt_frame_filter filter = {.kinds = 0};
    struct vmpt_frame_filter native = {.native = true};
    struct vmpt_frame_filter kinds = {.kinds = 1u << VMPF_KIND_NATIVE};
    (void)state;
    fake_feed_sample(&one, "native:start;m;native:copy", 1);
    fake_feed_sample(&one, "native:start;m;native:copy;f", 1);
    fake_feed_sample(&one, "native:start", 1);
    fake_feed_sample(&one, "", 1);
    check(1, &defaults, &filter, "<hidden> 2/2, m 1/2, f 1/1");
    check(1, &defaults, &native, "start 1/3, m 0/2, copy 1/2, <hidden> 1/1, f 1/1");
    check(1, &defaults, &kinds, "start 1/3, copy 2/2, <hidden> 1/1");
}

static void a_profile_without_virtual_frames_shows_its_native_ones(void **state)
{
    struct vmpt_frame_filter filter = {.virtual_only = true};
    (void)state;
    fake_feed_sample(&one, "native:main;native:work", 1);
    check(1, &defaults, &filter, "main 0/1, work 1/1");
}

static void patterns_choose_stacks_and_take_frames_out(void **state)
{
    regex_t f;
    regex_t g;
    struct vmpt_frame_filter filter = {.kinds = 0};
    (void)state;
    assert_int_equal(regcomp(&f, "^f$", REG_EXTENDED | REG_NOSUB), 0);
    assert_int_equal(regcomp(&g, "g|h", REG_EXTENDED | REG_NOSUB), 0);
    fake_feed_sample(&one, "m;f;g", 1);
    fake_feed_sample(&one, "m;f;h", 1);
    fake_feed_sample(&one, "m;g;x", 1);
    fake_feed_sample(&one, "m;f", 1);
    filter.focus = (struct vmpt_patterns){&f, 1};
    check(1, &defaults, &filter, "m 0/3, f 1/3, g 1/1, h 1/1");
    filter.ignore = (struct vmpt_patterns){&g, 1};
    check(1, &defaults, &filter, "m 0/1, f 1/1");
    filter.focus.count = filter.ignore.count = 0;
    filter.hide = (struct vmpt_patterns){&g, 1};
    check(1, &defaults, &filter, "m 0/4, f 3/3, x 1/1");
    /* A frame that is taken out still chooses its stacks. */
    filter.hide = filter.focus = (struct vmpt_patterns){&f, 1};
    check(1, &defaults, &filter, "m 1/3, g 1/1, h 1/1");
    regfree(&f);
    regfree(&g);
}

static void jit_and_py_are_one_function_of_the_heavier_kind(void **state)
{
    struct vmpt_view view;
    struct vmpt_function_table table;
    struct vmpt_frame_filter filter = {.kinds = 0};
    (void)state;
    fake_feed_sample(&one, "m;f", 2);
    fake_feed_sample(&one, "m;jit:f", 3);
    fake_feed_sample(&one, "m;g", 4);
    fake_feed_sample(&one, "m;jit:g", 4);
    struct vmpt_profile *profile = fake_load(feeds, 1, &defaults);
    assert_true(vmpt_view_init(&view, profile, &filter));
    assert_true(vmpt_function_table_init(&table, &view));
    vmpt_function_table_sort(&table, VMPT_SORT_NAME);
    assert_int_equal(table.count, 3);
    assert_int_equal(table.rows[0].function.kind, VMPF_KIND_JIT);
    assert_int_equal(table.rows[0].total.weight, 5);
    assert_int_equal(table.rows[1].function.kind, VMPF_KIND_PY);
    vmpt_function_table_fini(&table);
    vmpt_view_fini(&view);
    /* --kind looks at each frame, not at the row. */
    filter.kinds = 1u << VMPF_KIND_JIT;
    check_table(profile, &filter, VMPT_SORT_NAME, "<hidden> 2/2, f 1/1, g 1/1");
    vmpt_profile_free(profile);
}

static void files_are_merged_by_name(void **state)
{
    struct vmpt_frame_filter filter = {.kinds = 0};
    (void)state;
    fake_feed_sample(&one, "m;f;g", 10);
    fake_feed_sample(&one, "m;f", 10);
    fake_feed_sample(&two, "x;g", 5);
    fake_feed_sample(&two, "m;f", 5);
    one.info[0].end_ns = 100;
    two.info[0].end_ns = 50;
    one.info[0].lost_samples = 3;
    two.damage = (struct vmpf_damage){.damaged = true, .lost_samples = 4};
    struct vmpt_profile *profile = fake_load(feeds, 2, &defaults);
    check_table(profile, &filter, VMPT_SORT_TOTAL, "m 0/3, f 2/3, g 2/2, x 0/1");
    assert_int_equal(profile->total.weight, 30);
    assert_int_equal(profile->duration_ns, 150);
    assert_int_equal(profile->lost_samples, 7);
    assert_true(profile->damaged);
    assert_int_equal(profile->thread_count, 1);
    assert_int_equal(profile->nodes.count, 1 + 5);
    vmpt_profile_free(profile);
}

static void facts_that_differ_are_not_known(void **state)
{
    struct vmpf_meta metas[2] = {
        {.key = {"period_ns", 9}, .type = VMPF_META_INTEGER, .integer = 1000},
        {.key = {"interpreter", 11}, .type = VMPF_META_STRING, .string = {"cpython", 7}},
    };
    struct vmpf_meta others[2];
    (void)state;
    one.info[0].meta = two.info[0].meta = metas;
    one.info[0].meta_count = two.info[0].meta_count = 2;
    struct vmpt_profile *profile = fake_load(feeds, 2, &defaults);
    assert_int_equal(profile->period_ns, 1000);
    assert_string_equal(profile->interpreter.text, "cpython");
    assert_string_equal(profile->format.text, "fake-1");
    vmpt_profile_free(profile);
    memcpy(others, metas, sizeof(metas));
    others[0].integer = 2000;
    others[1].string.data = "pypy";
    others[1].string.size_bytes = 4;
    two.info[0].meta = others;
    profile = fake_load(feeds, 2, &defaults);
    assert_int_equal(profile->period_ns, 0);
    assert_null(profile->interpreter.text);
    vmpt_profile_free(profile);
}

static void the_metric_is_cpu_or_the_first_that_all_have(void **state)
{
    static const char *const both[] = {"wall:ns", "cpu:ns", NULL};
    static const char *const wall[] = {"wall:ns", NULL};
    struct vmpt_load_options options = {.metric = "wall"};
    (void)state;
    one.session_count = two.session_count = 0;
    fake_feed_session(&one, both);
    fake_feed_sample(&one, "m", 7);
    fake_feed_session(&two, wall);
    fake_feed_sample(&two, "m", 9);
    one.values[1][0] = 1;
    struct vmpt_profile *profile = fake_load(feeds, 1, &defaults);
    assert_string_equal(profile->metric.name, "cpu");
    assert_int_equal(profile->total.weight, 1);
    vmpt_profile_free(profile);
    profile = fake_load(feeds, 1, &options);
    assert_string_equal(profile->metric.name, "wall");
    assert_int_equal(profile->total.weight, 7);
    vmpt_profile_free(profile);
    /* The second file has no cpu: the first is read again. */
    profile = fake_load(feeds, 2, &defaults);
    assert_string_equal(profile->metric.name, "wall");
    assert_int_equal(profile->total.weight, 16);
    assert_int_equal(profile->total.samples, 2);
    assert_int_equal(one.opened, 4);
    vmpt_profile_free(profile);
}

static vmpf_status load_status(size_t count, const struct vmpt_load_options *options,
                               struct vmpt_load_error *err)
{
    struct fake_inputs all;
    struct vmpt_inputs inputs = fake_inputs(&all, feeds, count);
    struct vmpt_profile *profile = NULL;
    memset(err, 0, sizeof(*err));
    vmpf_status status = vmpt_profile_load(&profile, &inputs, options, err);
    if (status == VMPF_OK) {
        vmpt_profile_free(profile);
    }
    return status;
}

static void a_metric_that_is_not_there_is_refused(void **state)
{
    static const char *const wall[] = {"wall:ns", NULL};
    struct vmpt_load_options options = {.metric = "heap"};
    struct vmpt_load_error err;
    (void)state;
    fake_feed_sample(&one, "m", 1);
    assert_int_equal(load_status(1, &options, &err), VMPF_E_ARG);
    assert_non_null(strstr(err.error.message, "heap"));
    assert_non_null(strstr(err.error.message, "cpu"));
    two.session_count = 0;
    fake_feed_session(&two, wall);
    fake_feed_sample(&two, "m", 1);
    assert_int_equal(load_status(2, &defaults, &err), VMPF_E_ARG);
    assert_int_equal(err.input, 1);
    options.metric = "samples";
    assert_int_equal(load_status(2, &options, &err), VMPF_OK);
}

static void an_error_of_the_reader_is_handed_on(void **state)
{
    struct vmpt_load_error err;
    (void)state;
    fake_feed_sample(&one, "m", 1);
    fake_feed_sample(&two, "m", 1);
    two.fails = VMPF_E_IO;
    assert_int_equal(load_status(2, &defaults, &err), VMPF_E_IO);
    assert_int_equal(err.input, 1);
}

static void samples_are_chosen_by_thread_process_and_time(void **state)
{
    static const char *const worker[] = {"worker"};
    static const char *const by_id[] = {"8"};
    static const uint64_t process[] = {9};
    struct vmpt_frame_filter frames = {.kinds = 0};
    struct vmpt_load_options options = {.metric = NULL};
    (void)state;
    fake_feed_sample(&one, "m", 1);
    fake_feed_sample(&one, "m;f", 1);
    fake_feed_sample(&one, "m;g", 1);
    one.threads[2] = (struct vmpf_thread){9, 10, {"worker", 6}};
    one.thread_count = 3;
    one.thread[1] = 2;
    options.samples.threads = worker;
    options.samples.thread_count = 1;
    check(1, &options, &frames, "m 0/1, f 1/1");
    options.samples.threads = by_id;
    check(1, &options, &frames, "m 1/2, g 1/1");
    memset(&options, 0, sizeof(options));
    options.samples.processes = process;
    options.samples.process_count = 1;
    check(1, &options, &frames, "m 0/1, f 1/1");
    memset(&options, 0, sizeof(options));
    options.samples.has_from = options.samples.has_to = true;
    options.samples.from_ns = 1000000;
    options.samples.to_ns = 2000000;
    check(1, &options, &frames, "m 0/1, f 1/1");
    options.samples.has_to = false;
    check(1, &options, &frames, "m 0/2, f 1/1, g 1/1");
}

static void a_stack_that_no_table_has_is_counted_as_lost(void **state)
{
    struct vmpt_frame_filter filter = {.kinds = 0};
    (void)state;
    fake_feed_sample(&one, "m", 1);
    fake_feed_sample(&one, "m", 1);
    one.stack[1] = 4000000000u;
    one.thread[1] = 4000000000u;
    check(1, &defaults, &filter, "<lost> 1/1, m 1/1");
    /* A parent that is not before its child would make the passes run wild. */
    one.stacks[1].parent = 77;
    check(1, &defaults, &filter, "<lost> 1/1, m 1/1");
}

static void descendants_count_once_below_the_outermost_frame(void **state)
{
    struct vmpt_view view;
    struct vmpt_frame_filter filter = {.kinds = 0};
    struct vmpt_cell cells[16];
    struct vmpt_cell total;
    uint8_t of[16] = {0};
    (void)state;
    fake_feed_sample(&one, "g;f;g;h", 1);
    fake_feed_sample(&one, "g;f;g;f;h", 1);
    fake_feed_sample(&one, "f;h;h", 1);
    fake_feed_sample(&one, "f", 1);
    fake_feed_sample(&one, "g;h", 1);
    struct vmpt_profile *profile = fake_load(feeds, 1, &defaults);
    assert_true(vmpt_view_init(&view, profile, &filter));
    for (size_t i = 0; i < profile->functions.count; i++) {
        of[i] = profile->functions.items[i].name[0] == 'f';
    }
    assert_true(vmpt_descendants(&view, of, cells, &total));
    assert_int_equal(total.samples, 4);
    for (size_t i = 0; i < profile->functions.count; i++) {
        char name = profile->functions.items[i].name[0];
        assert_int_equal(cells[i].samples, name == 'g' ? 2 : name == 'h' ? 3 : 0);
    }
    vmpt_view_fini(&view);
    vmpt_profile_free(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_profile_has_no_rows, setup),
        cmocka_unit_test_setup(recursion_counts_once_a_stack, setup),
        cmocka_unit_test_setup(callers_come_first_where_totals_are_equal, setup),
        cmocka_unit_test_setup(hidden_weight_goes_to_the_caller_that_is_shown, setup),
        cmocka_unit_test_setup(a_profile_without_virtual_frames_shows_its_native_ones, setup),
        cmocka_unit_test_setup(patterns_choose_stacks_and_take_frames_out, setup),
        cmocka_unit_test_setup(jit_and_py_are_one_function_of_the_heavier_kind, setup),
        cmocka_unit_test_setup(files_are_merged_by_name, setup),
        cmocka_unit_test_setup(facts_that_differ_are_not_known, setup),
        cmocka_unit_test_setup(the_metric_is_cpu_or_the_first_that_all_have, setup),
        cmocka_unit_test_setup(a_metric_that_is_not_there_is_refused, setup),
        cmocka_unit_test_setup(an_error_of_the_reader_is_handed_on, setup),
        cmocka_unit_test_setup(samples_are_chosen_by_thread_process_and_time, setup),
        cmocka_unit_test_setup(a_stack_that_no_table_has_is_counted_as_lost, setup),
        cmocka_unit_test_setup(descendants_count_once_below_the_outermost_frame, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
