/* The flat interface, over files: its arguments are the folder of testdata/profiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/analysis/stats_api.h"

static const char *folder;

static vmpt_stats *open_profile(const char *name, int virtual_only)
{
    char path[512];
    char error[256] = "";
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    vmpt_stats *stats = vmpt_stats_open(path, virtual_only, NULL, error, sizeof(error));
    if (!stats) {
        print_error("%s\n", error);
    }
    assert_non_null(stats);
    return stats;
}

static void check_function(const vmpt_stats *stats, size_t index, const char *name,
                           uint64_t address, uint64_t self, uint64_t total)
{
    struct vmpt_stats_function function;
    assert_int_equal(vmpt_stats_function(stats, index, &function), 0);
    assert_string_equal(function.name, name);
    assert_int_equal(function.address, address);
    assert_int_equal(function.self_samples, self);
    assert_int_equal(function.total_samples, total);
}

static void functions_and_facts(void **state)
{
    struct vmpt_stats_function function;
    (void)state;
    vmpt_stats *stats = open_profile("simple.prof", 1);
    assert_null(vmpt_stats_warning(stats));
    assert_int_equal(vmpt_stats_sample_count(stats), 100);
    assert_int_equal(vmpt_stats_total_weight(stats), 100000000);
    assert_int_equal(vmpt_stats_period_ns(stats), 1000000);
    assert_int_equal(vmpt_stats_duration_ns(stats), 101000000);
    assert_string_equal(vmpt_stats_interpreter(stats), "cpython");
    assert_string_equal(vmpt_stats_program(stats), "x.py");
    assert_int_equal(vmpt_stats_function_count(stats), 4);
    check_function(stats, 0, "<module>", 0x7f0000001000, 0, 100);
    check_function(stats, 1, "f", 0x7f0000002000, 10, 100);
    check_function(stats, 2, "g", 0x7f0000003000, 60, 60);
    check_function(stats, 3, "h", 0x7f0000004000, 30, 30);
    assert_int_equal(vmpt_stats_function(stats, 4, &function), -1);
    vmpt_stats_close(stats);
}

static void native_frames_are_shown_on_demand(void **state)
{
    (void)state;
    vmpt_stats *stats = open_profile("native.prof", 1);
    assert_int_equal(vmpt_stats_function_count(stats), 2);
    check_function(stats, 0, "<module>", 0x1000, 4, 12);
    check_function(stats, 1, "f", 0x2000, 8, 8);
    vmpt_stats_close(stats);
    stats = open_profile("native.prof", 0);
    assert_int_equal(vmpt_stats_function_count(stats), 7);
    check_function(stats, 0, "_start", 0x401000, 0, 15);
    vmpt_stats_close(stats);
    stats = open_profile("native_only.prof", 1);
    assert_int_equal(vmpt_stats_function_count(stats), 2);
    vmpt_stats_close(stats);
}

static void descendants(void **state)
{
    struct vmpt_stats_count counts[4];
    uint64_t total = 0;
    (void)state;
    vmpt_stats *stats = open_profile("simple.prof", 1);
    assert_int_equal(vmpt_stats_descendants(stats, 0x7f0000002000, counts, 4, &total), 2);
    assert_int_equal(total, 100);
    assert_int_equal(counts[0].address, 0x7f0000003000);
    assert_int_equal(counts[0].samples, 60);
    assert_int_equal(counts[1].address, 0x7f0000004000);
    assert_int_equal(counts[1].samples, 30);
    assert_int_equal(vmpt_stats_descendants(stats, 0x7f0000001000, counts, 1, NULL), 3);
    assert_int_equal(counts[0].samples, 100);
    assert_int_equal(vmpt_stats_descendants(stats, 0x7f0000004000, NULL, 0, &total), 0);
    assert_int_equal(total, 30);
    assert_int_equal(vmpt_stats_descendants(stats, 0x1, counts, 4, &total), -1);
    vmpt_stats_close(stats);
    stats = open_profile("recursion.prof", 1);
    assert_int_equal(vmpt_stats_descendants(stats, 0x2000, counts, 4, &total), 1);
    assert_int_equal(total, 7);
    assert_int_equal(counts[0].samples, 3);
    vmpt_stats_close(stats);
}

static void what_is_wrong_is_said(void **state)
{
    char error[128] = "";
    (void)state;
    assert_null(vmpt_stats_open("/nowhere/at/all.prof", 1, NULL, error, sizeof(error)));
    assert_non_null(strstr(error, "/nowhere/at/all.prof"));
    assert_null(strchr(error, '\n'));
    assert_null(vmpt_stats_open("/nowhere/at/all.prof", 1, NULL, NULL, 0));
    vmpt_stats *stats = open_profile("flipped.prof", 1);
    assert_non_null(strstr(vmpt_stats_warning(stats), "64 samples"));
    assert_int_equal(vmpt_stats_sample_count(stats), 64);
    vmpt_stats_close(stats);
    stats = open_profile("killed.prof", 1);
    assert_non_null(strstr(vmpt_stats_warning(stats), "no end"));
    vmpt_stats_close(stats);
    stats = open_profile("empty.prof", 1);
    assert_int_equal(vmpt_stats_function_count(stats), 0);
    vmpt_stats_close(stats);
    vmpt_stats_close(NULL);
}

static void names_are_utf8(void **state)
{
    struct vmpt_stats_function function;
    bool found = false;
    (void)state;
    vmpt_stats *stats = open_profile("names.prof", 1);
    for (size_t i = 0; i < vmpt_stats_function_count(stats); i++) {
        assert_int_equal(vmpt_stats_function(stats, i, &function), 0);
        found = found || strcmp(function.name, "bad\xEF\xBF\xBD\xEF\xBF\xBDutf8") == 0;
    }
    assert_true(found);
    vmpt_stats_close(stats);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_and_facts), cmocka_unit_test(native_frames_are_shown_on_demand),
        cmocka_unit_test(descendants),         cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(names_are_utf8),
    };
    folder = argc > 1 ? argv[1] : "testdata/profiles";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
