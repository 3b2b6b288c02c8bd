/* What tools share: durations, text, options, tables, standard output. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/common/buffer.h"
#include "tools/common/duration.h"
#include "tools/common/importers.h"
#include "tools/common/options.h"
#include "tools/common/settings.h"
#include "tools/common/table.h"

static void durations_are_read(void **state)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {
        {"0.001", 1000000}, {"1ms", 1000000},      {"100us", 100000},        {"10s", 10000000000},
        {"1e-3", 1000000},  {".5", 500000000},     {"1.5m", 90000000000},    {"7ns", 7},
        {"0", 0},           {"1h", 3600000000000}, {"100\xC2\xB5s", 100000}, {"0.00099", 990000},
        {"2.5ms", 2500000},
    };
    static const char *const bad[] = {"",    "x",   "-1",   "+1", " 1",   "1 ms", "1x", "inf",
                                      "nan", "0x1", "1e30", "ms", "1ms ", "1,5",  ".",  "1e"};
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        uint64_t ns = 1;
        assert_true(vmpt_parse_duration(good[i].text, &ns));
        assert_int_equal(ns, good[i].ns);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint64_t ns = 42;
        assert_false(vmpt_parse_duration(bad[i], &ns));
        assert_int_equal(ns, 42);
    }
}

static void periods_have_limits(void **state)
{
    char why[128];
    uint64_t ns = 0;
    (void)state;
    assert_true(vmpt_parse_period("20us", &ns, why, sizeof(why)));
    assert_int_equal(ns, 20000);
    assert_true(vmpt_parse_period("0.999999999", &ns, why, sizeof(why)));
    assert_int_equal(ns, 999999999);
    assert_false(vmpt_parse_period("19.9us", &ns, why, sizeof(why)));
    assert_false(vmpt_parse_period("1", &ns, why, sizeof(why)));
    assert_non_null(strstr(why, "'1'"));
    assert_false(vmpt_parse_period("often", &ns, why, sizeof(why)));
    assert_non_null(strstr(why, "often"));
    assert_int_equal(ns, 999999999);
}

static void durations_are_shown(void **state)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "0 ns"},        {999, "999 ns"},         {1000, "1 us"},      {100000, "100 us"},
        {1000000, "1 ms"},  {999400, "999 us"},      {4000000, "4 ms"},   {2500000000, "2.5 s"},
        {999999999, "1 s"}, {123456789000, "123 s"}, {99960000, "100 ms"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[32];
        vmpt_format_duration(cases[i].ns, out, sizeof(out));
        assert_string_equal(out, cases[i].text);
    }
}

static void names_are_made_visible(void **state)
{
    /* Byte by byte: a compiler warns of such text in a source, for good reason. */
    static const char bidi[] = {(char)0xE2, (char)0x80, (char)0xAE, 0};
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"plain name", "plain name"},
        {"\033[31m", "\\x1b[31m"},
        {"a\nb\tc\x7F", "a\\x0ab\\x09c\\x7f"},
        {"\xC2\x9B", "\\x9b"}, /* CSI, as one character */
        {"bad\xFF", "bad\xEF\xBF\xBD"},
        {"\xE6\x97\xA5", "\xE6\x97\xA5"},
        {bidi, "\\u{202e}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vmpt_buffer out = {0};
        vmpt_buffer_add_visible(&out, cases[i].in, strlen(cases[i].in));
        assert_string_equal(out.data, cases[i].out);
        vmpt_buffer_fini(&out);
    }
}

static void check_short(const char *text, size_t columns, const char *expected)
{
    struct vmpt_buffer out = {0};
    vmpt_buffer_add_shortened(&out, text, strlen(text), columns);
    assert_string_equal(out.data ? out.data : "", expected);
    assert_true(vmpt_text_columns(expected, strlen(expected)) <= columns);
    vmpt_buffer_fini(&out);
}

static void long_text_is_cut_in_the_middle(void **state)
{
    (void)state;
    check_short("/usr/lib/python3/a.py:12", 30, "/usr/lib/python3/a.py:12");
    check_short("/usr/lib/python3/a.py:12", 15, "/usr.../a.py:12");
    check_short("abcdef", 3, "abc");
    check_short("abcdef", 0, "");
    check_short("\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5", 7, "...\xE6\x97\xA5");
    assert_int_equal(vmpt_text_columns("\xE6\x97\xA5x\x65\xCC\x81", 7), 4);
}

/* ---- options --------------------------------------------------------------------------------------- */

static bool set_text(void *target, const char *value, struct vmpt_refusal *why)
{
    if (value && strcmp(value, "bad") == 0) {
        (void)snprintf(why->text, sizeof(why->text), "it is bad");
        return false;
    }
    *(const char **)target = value ? value : "flag";
    return true;
}

static const char *given;
static const struct vmpt_option own_options[] = {
    {"out", 'o', "FILE", "where to", set_text},
    {"flag", 0, NULL, "a flag\nof two lines", set_text},
};
static const struct vmpt_option_group own = {"Own:", own_options, 2, &given};
static const struct vmpt_command command = {.name = "vmprof-x",
                                            .summary = "Tests.",
                                            .arguments = "[FILE...]",
                                            .groups = &own,
                                            .group_count = 1};

/* What is printed goes nowhere: the exit code tells. */
static int parse(const struct vmpt_command *what, const char *first, const char *second, int *rest)
{
    char program[] = "vmprof-x";
    char one[64];
    char two[64];
    char *argv[] = {program, one, two, NULL};
    (void)snprintf(one, sizeof(one), "%s", first ? first : "");
    (void)snprintf(two, sizeof(two), "%s", second ? second : "");
    static char kept[64];
    int argc = first ? (second ? 3 : 2) : 1;
    argv[argc] = NULL;
    given = NULL;
    int code = vmpt_options_parse(what, argc, argv, rest);
    if (given) {
        (void)snprintf(kept, sizeof(kept), "%s", given);
        given = kept;
    }
    return code;
}

static void options_are_taken_from_their_table(void **state)
{
    int rest = 0;
    (void)state;
    assert_int_equal(parse(&command, NULL, NULL, &rest), -1);
    assert_int_equal(rest, 1);
    assert_int_equal(parse(&command, "--out=a", NULL, &rest), -1);
    assert_string_equal(given, "a");
    assert_int_equal(parse(&command, "-o", "b", &rest), -1);
    assert_string_equal(given, "b");
    assert_int_equal(parse(&command, "file", "--flag", &rest), -1);
    assert_string_equal(given, "flag");
    assert_int_equal(rest, 2);
    assert_int_equal(parse(&command, "--", "--flag", &rest), -1);
    assert_null(given);
    assert_int_equal(rest, 2);
}

static void wrong_options_are_usage_errors(void **state)
{
    static const char *const wrong[] = {"--nothing", "-z", "--out", "--flag=1", "--out=bad", "-o"};
    int rest = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(parse(&command, wrong[i], NULL, &rest), VMPT_EXIT_USAGE);
    }
}

static void options_stop_at_the_program_that_is_run(void **state)
{
    struct vmpt_command stops = command;
    int rest = 0;
    (void)state;
    stops.stops_at_argument = true;
    assert_int_equal(parse(&stops, "program", "--out=a", &rest), -1);
    assert_null(given);
    assert_int_equal(rest, 1);
}

/* ---- tables ---------------------------------------------------------------------------------------- */

static void name_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_STRING;
    out->string = ((const char *const *)rows)[row];
    out->string_size = strlen(out->string);
}

static void name_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const char *name = ((const char *const *)rows)[row];
    vmpt_buffer_add_visible(out, name, strlen(name));
}

static void size_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = row ? VMPT_INTEGER : VMPT_NOTHING;
    out->integer = strlen(((const char *const *)rows)[row]);
}

static void size_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_buffer_printf(out, "%zu", strlen(((const char *const *)rows)[row]));
}

static void range_value(const void *rows, size_t row, struct vmpt_value *out)
{
    (void)rows;
    out->type = row ? VMPT_INTERVAL : VMPT_NOTHING;
    out->interval.low = row;
    out->interval.high = UINT64_MAX;
}

static const struct vmpt_column columns[] = {
    {.key = "name", .title = "NAME", .can_shrink = true, .value = name_value, .text = name_text},
    {.key = "size", .title = "SIZE", .is_number = true, .value = size_value, .text = size_text},
    {.key = "range", .is_interval = true, .value = range_value},
};
static const char *const names[] = {"a,\"b\"", "long \033name here it is", "bad\xFF"};
static const struct vmpt_table table = {.columns = columns,
                                        .column_count = 3,
                                        .rows = names,
                                        .row_count = 3,
                                        .left_out = 2,
                                        .noun = "things"};

/* What write() of an output gets. */
static size_t read_back(FILE *file, char *out, size_t out_size)
{
    rewind(file);
    size_t size = fread(out, 1, out_size - 1, file);
    out[size] = '\0';
    (void)fclose(file);
    return size;
}

static void a_table_is_text(void **state)
{
    struct vmpt_text_look look = {.color = false, .width = 0};
    struct vmpt_output output;
    char text[1024];
    (void)state;
    FILE *file = tmpfile();
    vmpt_output_init(&output, fileno(file));
    assert_true(vmpt_table_write_text(&table, &look, &output));
    look.width = 20;
    look.color = true;
    assert_true(vmpt_table_write_text(&table, &look, &output));
    assert_int_equal(vmpt_output_fini(&output), 0);
    read_back(file, text, sizeof(text));
    assert_string_equal(text, "NAME                      SIZE\n"
                              "a,\"b\"                        5\n"
                              "long \\x1bname here it is    21\n"
                              "bad\xEF\xBF\xBD                         4\n"
                              "2 more things not shown; use -n 0\n"
                              "\033[1mNAME\033[0m            \033[1mSIZE\033[0m\n"
                              "a,\"b\"              5\n"
                              "lon...re it is    21\n"
                              "bad\xEF\xBF\xBD               4\n"
                              "2 more things not shown; use -n 0\n");
}

static void a_table_is_csv(void **state)
{
    struct vmpt_output output;
    char text[1024];
    (void)state;
    FILE *file = tmpfile();
    vmpt_output_init(&output, fileno(file));
    assert_true(vmpt_table_write_csv(&table, true, &output));
    assert_int_equal(vmpt_output_fini(&output), 0);
    read_back(file, text, sizeof(text));
    assert_string_equal(text, "name,size,range_lo,range_hi\r\n"
                              "\"a,\"\"b\"\"\",,,\r\n"
                              "long \\x1bname here it is,21,1,18446744073709551615\r\n"
                              "bad\xEF\xBF\xBD,4,2,18446744073709551615\r\n");
}

static void a_table_is_json(void **state)
{
    (void)state;
    json_t *array = vmpt_table_json(&table);
    char *text = json_dumps(array, JSON_COMPACT);
    assert_string_equal(text, "[{\"name\":\"a,\\\"b\\\"\",\"size\":null,\"range\":null},"
                              "{\"name\":\"long \\u001Bname here it is\",\"size\":21,"
                              "\"range\":[1,9223372036854775807]},"
                              "{\"name\":\"bad\xEF\xBF\xBD\",\"size\":4,"
                              "\"range\":[2,9223372036854775807]}]");
    free(text);
    json_decref(array);
}

static void a_failed_write_is_an_error_and_a_closed_pipe_is_none(void **state)
{
    struct vmpt_output output;
    int ends[2];
    (void)state;
    int zero = open("/dev/zero", O_RDONLY);
    vmpt_output_init(&output, zero);
    vmpt_output_write(&output, "x", 1);
    assert_int_equal(vmpt_output_fini(&output), EBADF);
    (void)close(zero);
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    vmpt_output_init(&output, ends[1]);
    vmpt_output_write(&output, "x", 1);
    assert_int_equal(vmpt_output_fini(&output), 0);
    (void)close(ends[1]);
}

/* ---- the rest -------------------------------------------------------------------------------------- */

static void rows_are_limited_in_text_only(void **state)
{
    struct vmpt_settings settings = {.format = VMPT_FORMAT_TEXT};
    (void)state;
    assert_int_equal(vmpt_settings_limit(&settings, 100), 20);
    assert_int_equal(vmpt_settings_limit(&settings, 7), 7);
    settings.format = VMPT_FORMAT_CSV;
    assert_int_equal(vmpt_settings_limit(&settings, 100), 100);
    settings.has_limit = true;
    settings.limit = 3;
    assert_int_equal(vmpt_settings_limit(&settings, 100), 3);
    settings.format = VMPT_FORMAT_TEXT;
    settings.limit = 0;
    assert_int_equal(vmpt_settings_limit(&settings, 100), 100);
}

static void formats_are_recognised_by_content(void **state)
{
    uint8_t head[64] = {0};
    (void)state;
    assert_null(vmpt_importer_find((const uint8_t *)"text that is no profile", 23));
    assert_null(vmpt_importer_find(head, sizeof(head)));
    head[8] = 3; /* a log of upstream vmprof */
    assert_string_equal(vmpt_importer_find(head, sizeof(head))->name, "vmprof");
    head[3] = 1;
    assert_null(vmpt_importer_find(head, sizeof(head)));
    memset(head, 0, sizeof(head));
    head[4] = 3;
    assert_string_equal(vmpt_importer_find(head, 12)->name, "vmprof");
    head[0] = 0x1F; /* gzip, of nothing */
    head[1] = 0x8B;
    assert_null(vmpt_importer_find(head, sizeof(head)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(periods_have_limits),
        cmocka_unit_test(durations_are_shown),
        cmocka_unit_test(names_are_made_visible),
        cmocka_unit_test(long_text_is_cut_in_the_middle),
        cmocka_unit_test(options_are_taken_from_their_table),
        cmocka_unit_test(wrong_options_are_usage_errors),
        cmocka_unit_test(options_stop_at_the_program_that_is_run),
        cmocka_unit_test(a_table_is_text),
        cmocka_unit_test(a_table_is_csv),
        cmocka_unit_test(a_table_is_json),
        cmocka_unit_test(a_failed_write_is_an_error_and_a_closed_pipe_is_none),
        cmocka_unit_test(rows_are_limited_in_text_only),
        cmocka_unit_test(formats_are_recognised_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
