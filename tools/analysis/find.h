/* find.h: the functions that a person means by an address, a name or NAME:FILE:LINE. */
#ifndef VMPROF_TOOLS_ANALYSIS_FIND_H
#define VMPROF_TOOLS_ANALYSIS_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/function_table.h"

/* Keeps of table the rows that `wanted` means, in their order:
 *  - a number (0x7f..., or decimal), where a row's function had that address in one of the inputs;
 *  - the name, as it is in the file;
 *  - NAME:FILE:LINE, where FILE may lack folders at its start;
 *  - where nothing of that is there, the last part of a name: `method` of `Class.method`.
 * addresses: what the profile was loaded with (keep_addresses). */
void vmpt_find_functions(struct vmpt_function_table *table, const struct vmpt_functions *functions,
                         const char *wanted);

#endif
