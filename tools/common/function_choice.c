#include "tools/common/function_choice.h"

#include <inttypes.h>

#include "tools/analysis/find.h"
#include "tools/common/diag.h"
#include "tools/common/function_columns.h"

#define CANDIDATES_SAID 20

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

static int refuse(const struct vmpt_app *app, const struct vmpt_function_table *found,
                  const char *wanted)
{
    const char *name = app->tool->name;
    if (found->count == 0) {
        vmpt_say(
            name,
            "no function '%s' among what the filters left; 'vmprof-top --addr -n 0' lists them",
            wanted);
        return VMPT_EXIT_FAILED;
    }
    vmpt_say(name,
             "'%s' is %zu functions; choose one as NAME:FILE:LINE, by its address, or with --kind:",
             wanted, found->count);
    for (size_t i = 0; i < found->count && i < CANDIDATES_SAID; i++) {
        say_candidate(app, &found->rows[i]);
    }
    if (found->count > CANDIDATES_SAID) {
        vmpt_say(name, "  and %zu more", found->count - CANDIDATES_SAID);
    }
    return VMPT_EXIT_FAILED;
}

int vmpt_choose_function(const struct vmpt_app *app, struct vmpt_function_table *functions,
                         const char *wanted)
{
    vmpt_function_table_sort(functions, VMPT_SORT_TOTAL);
    vmpt_find_functions(functions, &app->profile->functions, wanted);
    return functions->count == 1 ? VMPT_GO_ON : refuse(app, functions, wanted);
}
