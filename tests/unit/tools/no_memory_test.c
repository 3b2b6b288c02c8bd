/* Every allocation is made to fail, one after the other: each time memory is said to be short, and
 * none is lost (the sanitizer's build of this test sees that). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/tools/fake_feed.h"
#include "tools/analysis/function_table.h"
#include "tools/analysis/tree_difference.h"
#include "tools/common/table.h"

static bool counting;
static size_t until_failure;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool fails(void)
{
    return counting && until_failure-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static struct fake_feed one;
static struct fake_feed two;
static struct fake_feed *feeds[2] = {&one, &two};

/* Whether it went through. */
static bool count_functions(const struct vmpt_profile *profile)
{
    struct vmpt_view view;
    struct vmpt_function_table table = {NULL, 0};
    struct vmpt_frame_filter filter = {.kinds = 0};
    struct vmpt_cell cells[64];
    struct vmpt_cell total;
    uint8_t of[64] = {1};
    bool done = vmpt_view_init(&view, profile, &filter) &&
                vmpt_function_table_init(&table, &view) &&
                vmpt_descendants(&view, of, cells, &total);
    vmpt_function_table_fini(&table);
    vmpt_view_fini(&view);
    return done;
}

/* Whether the difference to itself, and to nothing, went through. */
static bool compare(const struct vmpt_profile *profile, bool bottom_up)
{
    const struct vmpt_tree_difference_options options = {.shape.bottom_up = bottom_up};
    struct vmpt_frame_filter all = {.native = true};
    struct vmpt_frame_filter none = {.kinds = 1u << VMPF_KIND_KERNEL};
    struct vmpt_view views[2];
    struct vmpt_tree_difference difference;
    memset(views, 0, sizeof(views));
    memset(&difference, 0, sizeof(difference));
    bool done = vmpt_view_init(&views[0], profile, &all) &&
                vmpt_view_init(&views[1], profile, &none) &&
                vmpt_tree_difference_init(&difference, &views[0], &views[1], &options);
    assert_true(!done || difference.tree.shown > 0);
    vmpt_tree_difference_fini(&difference);
    vmpt_view_fini(&views[0]);
    vmpt_view_fini(&views[1]);
    return done;
}

static bool analyse(size_t feed_count, const struct vmpt_load_options *options)
{
    struct fake_inputs all;
    struct vmpt_inputs inputs = fake_inputs(&all, feeds, feed_count);
    struct vmpt_profile *profile = NULL;
    struct vmpt_load_error err;
    vmpf_status status = vmpt_profile_load(&profile, &inputs, options, &err);
    if (status != VMPF_OK) {
        assert_int_equal(status, VMPF_E_NOMEM);
        return false;
    }
    bool done = count_functions(profile) && compare(profile, false) && compare(profile, true);
    vmpt_profile_free(profile);
    return done;
}

static void sweep(size_t feed_count, const struct vmpt_load_options *options)
{
    size_t failures = 0;
    bool done = false;
    while (!done) {
        until_failure = failures++;
        counting = true;
        done = analyse(feed_count, options);
        counting = false;
        assert_true(failures < 10000);
    }
    assert_true(failures > 10);
}

static void analysis_survives_each_failure(void **state)
{
    static const char *const threads[] = {"main"};
    struct vmpt_load_options options = {.keep_lines = true};
    (void)state;
    fake_feed_init(&one);
    fake_feed_init(&two);
    fake_feed_sample(&one, "m;f;g;f", 1);
    fake_feed_sample(&one, "native:x", 1);
    fake_feed_sample(&two, "m;h", 1);
    two.stack[0] = 99999;
    sweep(1, &options);
    sweep(2, &options);
    options.samples.threads = threads;
    options.samples.thread_count = 1;
    sweep(2, &options);
    options.group = VMPT_GROUP_LABELS;
    options.group_label = "user";
    sweep(2, &options);
}

/* ---- labels ------------------------------------------------------------------------------------------- */

#define SETS 600u

/* A chain: each third set has the label, its number as the value. */
static struct vmpf_label label_of(const void *ctx, uint32_t id)
{
    struct vmpf_label label = {.parent = id - 1, .key = {"other", 5}, .number = id};
    (void)ctx;
    if (id % 3 == 0) {
        label.key = (struct vmpf_string){"user", 4};
    }
    return label;
}

static uint32_t label_count(const void *ctx)
{
    (void)ctx;
    return SETS;
}

/* Whether all sets could be found out. What is said is right, or said to be for want of memory. */
static bool look_up(struct vmpt_label_sets *sets, bool by_key)
{
    bool all = true;
    for (uint32_t i = 1; i < 2 * SETS; i++) {
        uint32_t id = i * 7 % SETS;
        bool failed = false;
        if (by_key) {
            uint32_t holder = vmpt_label_sets_find(sets, id, &failed);
            assert_int_equal(holder, failed ? 0 : id - id % 3);
        } else {
            bool keeps = vmpt_label_sets_keeps(sets, id, &failed);
            assert_int_equal(keeps, !failed && id >= 3);
        }
        all = all && !failed;
    }
    return all;
}

static void sweep_labels(bool by_key)
{
    static const struct vmpt_label_pattern any = {.key = "user"};
    static const struct vmpt_label_filter filter = {&any, 1};
    size_t failures = 0;
    bool done = false;
    while (!done) {
        struct vmpt_label_sets sets;
        vmpt_label_sets_init(&sets, &filter, "user");
        vmpt_label_sets_restart(&sets, label_of, label_count, NULL);
        until_failure = failures++;
        counting = true;
        done = look_up(&sets, by_key);
        counting = false;
        assert_true(look_up(&sets, !by_key)); /* what failed is no worse off than before */
        vmpt_label_sets_fini(&sets);
        assert_true(failures < 1000);
    }
    assert_true(failures > 3);
}

static void labels_survive_each_failure(void **state)
{
    (void)state;
    sweep_labels(false);
    sweep_labels(true);
}

static void number(const void *rows, size_t row, struct vmpt_value *out)
{
    (void)rows;
    out->type = VMPT_INTEGER;
    out->integer = row;
}

static void number_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    (void)rows;
    vmpt_buffer_printf(out, "%zu", row);
}

static void tables_survive_each_failure(void **state)
{
    static const struct vmpt_column column = {
        .key = "n", .title = "N", .value = number, .text = number_text};
    static const struct vmpt_table table = {
        .columns = &column, .column_count = 1, .row_count = 300, .noun = "numbers"};
    struct vmpt_text_look look = {.width = 40};
    bool done = false;
    (void)state;
    for (size_t failures = 0; !done; failures++) {
        struct vmpt_output output;
        vmpt_output_init(&output, -1);
        until_failure = failures;
        counting = true;
        bool text = vmpt_table_write_text(&table, &look, &output);
        bool csv = vmpt_table_write_csv(&table, true, &output);
        counting = false;
        (void)vmpt_output_fini(&output);
        done = text && csv;
        assert_true(failures < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(analysis_survives_each_failure),
        cmocka_unit_test(labels_survive_each_failure),
        cmocka_unit_test(tables_survive_each_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
