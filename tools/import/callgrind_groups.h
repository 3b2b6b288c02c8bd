/* callgrind_groups.h: functions that call each other in a circle. */
#ifndef VMPROF_TOOLS_IMPORT_CALLGRIND_GROUPS_H
#define VMPROF_TOOLS_IMPORT_CALLGRIND_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/import/callgrind_text.h"

/* Gives each function its group: functions of one reach each other by calls, and those of two do
 * not; what calls another group has a higher number than that. group: an item for each
 * function. False: memory is short. */
bool callgrind_groups(const struct callgrind_data *data, uint32_t *group, uint32_t *group_count);

#endif
