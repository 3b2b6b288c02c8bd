/* columns.h: the table of vmprof-top. */
#ifndef VMPROF_TOOLS_TOP_COLUMNS_H
#define VMPROF_TOOLS_TOP_COLUMNS_H

#include <stdbool.h>

#include "tools/analysis/function_table.h"
#include "tools/common/app.h"

/* Writes functions, in their order, in the format of app's settings. False: memory is short. */
bool top_write(struct vmpt_app *app, const struct vmpt_function_table *functions);

#endif
