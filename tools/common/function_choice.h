/* function_choice.h: the one function that a person named, or a line that says why it is not one. */
#ifndef VMPROF_TOOLS_COMMON_FUNCTION_CHOICE_H
#define VMPROF_TOOLS_COMMON_FUNCTION_CHOICE_H

#include "tools/analysis/function_table.h"
#include "tools/common/app.h"

/* Leaves in functions, which are of app->view and of a profile that was loaded with keep_addresses, those that `wanted`
 * means (find.h). VMPT_GO_ON when that is one; otherwise the exit code: what is wrong was said, with the candidates. */
int vmpt_choose_function(const struct vmpt_app *app, struct vmpt_function_table *functions,
                         const char *wanted);

#endif
