/* level_columns.h: a function and the level of a gauge while it ran, as columns: a mean and a maximum, no sum. */
#ifndef VMPROF_TOOLS_COMMON_LEVEL_COLUMNS_H
#define VMPROF_TOOLS_COMMON_LEVEL_COLUMNS_H

#include <stdbool.h>

#include "tools/common/table.h"

/* Of rows that are a struct vmpt_function_rows. */
#define VMPT_LEVEL_COLUMN_COUNT 18
extern const struct vmpt_column vmpt_level_columns[VMPT_LEVEL_COLUMN_COUNT];

/* The same columns for text: that of addresses only where show_address is set. */
void vmpt_level_columns_shown(struct vmpt_column out[VMPT_LEVEL_COLUMN_COUNT], bool show_address);

#endif
