/* vmprof-lines: the source lines of a profile with their shares, the source beside them. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/common/app.h"
#include "tools/common/function_choice.h"
#include "tools/lines/output.h"

struct lines_options {
    const char *function; /* NULL: all */
    uint32_t context;
    struct source_folders folders;
};

static bool set_function(void *target, const char *value, struct vmpt_refusal *why)
{
    struct lines_options *options = target;
    (void)why;
    options->function = value;
    return true;
}

static bool set_context(void *target, const char *value, struct vmpt_refusal *why)
{
    struct lines_options *options = target;
    char *end = NULL;
    errno = 0;
    unsigned long count = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || errno || count > INT_MAX) {
        (void)snprintf(why->text, sizeof(why->text), "'%.60s' is not a number of lines", value);
        return false;
    }
    options->context = (uint32_t)count;
    return true;
}

static bool add_folder(void *target, const char *value, struct vmpt_refusal *why)
{
    struct source_folders *folders = &((struct lines_options *)target)->folders;
    if (!vmpt_reserve(&folders->items, &folders->capacity, folders->count + 1,
                      sizeof(const char *))) {
        (void)snprintf(why->text, sizeof(why->text), "not enough memory");
        return false;
    }
    folders->items[folders->count++] = value;
    return true;
}

static const struct vmpt_option own_options[] = {
    {"func", 'f', "NAME",
     "the lines of one function: by address, name or NAME:FILE:LINE;\nin text from its first line "
     "on",
     set_function},
    {"context", 0, "N", "show N lines of source around each line with samples (default: 0)",
     set_context},
    {"source-dir", 0, "DIR:folder",
     "look for sources below DIR first, under less and less of their path;\nmay be repeated",
     add_folder},
};

static const struct vmpt_tool tool_of_all = {
    .name = "vmprof-lines",
    .summary = "Shows the source lines of a profile by what they cost, the source beside them:\n"
               "self, while the line itself ran, and total, with all that it calls.",
    .arguments = "[FILE...]",
    .examples = "  vmprof-lines                        the hottest lines of out.prof\n"
                "  vmprof-lines --func=parse out.prof  one function, line by line\n"
                "  vmprof-lines --sort=self --context=2 --source-dir=src out.prof\n",
};

/* only: of one function, whose first line that is; NULL: all. */
static int write_lines(struct vmpt_app *app, const struct lines_options *options,
                       const struct vmpt_function_row *only)
{
    struct vmpt_line_table table;
    struct lines_request request = {.table = &table,
                                    .folders = options->folders,
                                    .context = options->context,
                                    .whole_function = only != NULL,
                                    .first_line = only ? only->function.first_line : 0};
    bool done = vmpt_line_table_init(&table, &app->view, only ? only->index : VMPT_NO_FUNCTION,
                                     app->settings.sort);
    if (done) {
        done = app->settings.format == VMPT_FORMAT_TEXT ? lines_write_text(app, &request)
                                                        : lines_write_data(app, &request);
    }
    vmpt_line_table_fini(&table);
    return done ? VMPT_EXIT_DONE : vmpt_app_no_memory(app);
}

static int show(struct vmpt_app *app, const struct lines_options *options)
{
    struct vmpt_function_table functions;
    if (!options->function) {
        return write_lines(app, options, NULL);
    }
    int code = VMPT_EXIT_FAILED;
    if (vmpt_function_table_init(&functions, &app->view)) {
        code = vmpt_choose_function(app, &functions, options->function);
        code = code < 0 ? write_lines(app, options, &functions.rows[0]) : code;
    } else {
        code = vmpt_app_no_memory(app);
    }
    vmpt_function_table_fini(&functions);
    return code;
}

int main(int argc, char **argv)
{
    struct vmpt_app app;
    struct lines_options own = {0};
    struct vmpt_tool tool = tool_of_all;
    tool.own = (struct vmpt_option_group){"Lines", own_options,
                                          sizeof(own_options) / sizeof(own_options[0]), &own};
    struct vmpt_load_options options = {.keep_lines = true};
    int code = vmpt_app_start(&app, &tool, argc, argv);
    if (code < 0) {
        options.keep_addresses = own.function != NULL;
        options.keep_squares = app.settings.format != VMPT_FORMAT_TEXT; /* which rounds */
        code = vmpt_app_load(&app, &options);
    }
    if (code < 0) {
        code = vmpt_app_refuse_gauge(&app);
    }
    if (code < 0) {
        code = show(&app, &own);
    }
    code = vmpt_app_finish(&app, code);
    free(own.folders.items);
    return code;
}
