/* vmprof-func: one function of a profile, what called it, what it called, and all that ran below it. */
#include <inttypes.h>
#include <string.h>

#include "tools/analysis/find.h"
#include "tools/analysis/relatives.h"
#include "tools/common/app.h"
#include "tools/common/diag.h"
#include "tools/common/function_columns.h"
#include "tools/func/output.h"

#define CANDIDATES_SAID 20

static const struct vmpt_tool tool = {
    .name = "vmprof-func",
    .summary = "Shows one function of a profile: what called it, what it called, and all that ran "
               "below it.\n"
               "ADDR is its address, its name, or NAME:FILE:LINE.",
    .arguments = "[FILE...] ADDR",
    .operand = "ADDR",
    .examples =
        "  vmprof-func main                          in out.prof, recorded by vmprof-record\n"
        "  vmprof-func out.prof 0x7f2a10c3f5e0       as vmprof-top --addr shows it\n"
        "  vmprof-func --format=json a.prof b.prof parse:reader.py:12\n",
};

static void say_candidate(const struct vmpt_app *app, const struct vmpt_function_row *row)
{
    struct vmpt_buffer line = {0};
    const struct vmpt_function *function = &row->function;
    vmpt_function_add_name(&line, function);
    vmpt_buffer_add_text(&line, ":");
    vmpt_buffer_add_visible(&line, function->file, function->file_size);
    vmpt_buffer_printf(&line, ":%" PRIu32 "  ", function->first_line);
    vmpt_function_add_address(&line, function);
    vmpt_buffer_printf(&line, "  %s  ", vmpt_kind_name(function->kind));
    vmpt_profile_add_share(&line, app->profile, row->total.weight);
    if (!line.failed) {
        vmpt_say(app->tool->name, "  %s", line.data);
    }
    vmpt_buffer_fini(&line);
}

static int refuse(const struct vmpt_app *app, const struct vmpt_function_table *found)
{
    const char *name = app->tool->name;
    if (found->count == 0) {
        vmpt_say(
            name,
            "no function '%s' among what the filters left; 'vmprof-top --addr -n 0' lists them",
            app->operand);
        return VMPT_EXIT_FAILED;
    }
    vmpt_say(name,
             "'%s' is %zu functions; choose one as NAME:FILE:LINE, by its address, or with --kind:",
             app->operand, found->count);
    for (size_t i = 0; i < found->count && i < CANDIDATES_SAID; i++) {
        say_candidate(app, &found->rows[i]);
    }
    if (found->count > CANDIDATES_SAID) {
        vmpt_say(name, "  and %zu more", found->count - CANDIDATES_SAID);
    }
    return VMPT_EXIT_FAILED;
}

static int show_function(struct vmpt_app *app, const struct vmpt_function_row *function)
{
    struct vmpt_relatives relatives;
    bool done = vmpt_relatives_init(&relatives, &app->view, function->index);
    if (done) {
        vmpt_function_table_sort(&relatives.callers, app->settings.sort);
        vmpt_function_table_sort(&relatives.callees, app->settings.sort);
        vmpt_function_table_sort(&relatives.descendants, app->settings.sort);
        done = func_write(app, function, &relatives);
    }
    vmpt_relatives_fini(&relatives);
    return done ? VMPT_EXIT_DONE : vmpt_app_no_memory(app);
}

static int show(struct vmpt_app *app)
{
    struct vmpt_function_table functions;
    int code = VMPT_EXIT_FAILED;
    if (vmpt_function_table_init(&functions, &app->view)) {
        vmpt_function_table_sort(&functions, VMPT_SORT_TOTAL);
        vmpt_find_functions(&functions, &app->profile->functions, app->operand);
        code =
            functions.count == 1 ? show_function(app, &functions.rows[0]) : refuse(app, &functions);
    } else {
        code = vmpt_app_no_memory(app);
    }
    vmpt_function_table_fini(&functions);
    return code;
}

int main(int argc, char **argv)
{
    struct vmpt_app app;
    struct vmpt_load_options options = {.keep_addresses = true};
    int code = vmpt_app_start(&app, &tool, argc, argv);
    if (code < 0) {
        options.keep_squares = app.settings.format != VMPT_FORMAT_TEXT; /* it has no intervals */
        code = vmpt_app_load(&app, &options);
    }
    if (code < 0) {
        code = vmpt_app_refuse_gauge(&app);
    }
    if (code < 0) {
        code = show(&app);
    }
    return vmpt_app_finish(&app, code);
}
