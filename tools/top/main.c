/* vmprof-top: the functions of a profile, by what they cost. */
#include <string.h>

#include "tools/analysis/function_table.h"
#include "tools/common/app.h"
#include "tools/top/columns.h"

static const struct vmpt_tool tool = {
    .name = "vmprof-top",
    .summary =
        "Shows the functions of a profile by what they cost: self, in the function's own code,\n"
        "and total, with all that it calls.",
    .arguments = "[FILE...]",
    .examples = "  vmprof-top                    out.prof, recorded by vmprof-record\n"
                "  vmprof-top --sort=self -n 5 a.prof b.prof\n"
                "  vmprof-top --thread=worker --from=10s --format=json out.prof\n",
};

static int show(struct vmpt_app *app)
{
    struct vmpt_function_table functions;
    bool done = vmpt_function_table_init(&functions, &app->view);
    if (done) {
        vmpt_function_table_sort(&functions, app->settings.sort);
        done = top_write(app, &functions);
    }
    vmpt_function_table_fini(&functions);
    return done ? VMPT_EXIT_DONE : vmpt_app_no_memory(app);
}

int main(int argc, char **argv)
{
    struct vmpt_app app;
    struct vmpt_load_options options;
    memset(&options, 0, sizeof(options));
    int code = vmpt_app_start(&app, &tool, argc, argv);
    options.functions_only = true;
    if (code < 0) {
        options.keep_squares = app.settings.format != VMPT_FORMAT_TEXT; /* which rounds */
        code = vmpt_app_load(&app, &options);
    }
    if (code < 0) {
        code = show(&app);
    }
    return vmpt_app_finish(&app, code);
}
