/* output.h: a function and its relatives as text, JSON or CSV. */
#ifndef VMPROF_TOOLS_FUNC_OUTPUT_H
#define VMPROF_TOOLS_FUNC_OUTPUT_H

#include <stdbool.h>

#include "tools/analysis/relatives.h"
#include "tools/common/app.h"

/* Writes them, in their order, in the format of app's settings. False: memory is short. */
bool func_write(struct vmpt_app *app, const struct vmpt_function_row *function,
                const struct vmpt_relatives *relatives);

#endif
