/* vmprof-func: one function of a profile, what called it, what it called, and all that ran below it. */
#include <string.h>

#include "tools/analysis/relatives.h"
#include "tools/common/app.h"
#include "tools/common/function_choice.h"
#include "tools/func/output.h"

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
        code = vmpt_choose_function(app, &functions, app->operand);
        code = code < 0 ? show_function(app, &functions.rows[0]) : code;
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
        options.keep_squares = app.settings.format != VMPT_FORMAT_TEXT; /* which rounds */
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
