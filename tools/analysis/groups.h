/* groups.h: functions that stand for groups of samples, and are none. */
#ifndef VMPROF_TOOLS_ANALYSIS_GROUPS_H
#define VMPROF_TOOLS_ANALYSIS_GROUPS_H

#include <stdint.h>
#include <vmprof/vmpf.h>

#include "tools/analysis/functions.h"

/* "state=running", or "<no state>" where label is NULL. VMPT_NO_FUNCTION: memory is short. */
uint32_t vmpt_label_group(struct vmpt_functions *functions, const char *key,
                          const struct vmpf_label *label);

#endif
