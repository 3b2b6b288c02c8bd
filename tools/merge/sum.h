/* sum.h: what a profile comes to, stack by stack, as a profile: times, threads and labels are dropped.
 *
 * The format keeps totals only beside the samples that they are of [F-5.9-1], so that a stack has as many samples
 * as it had, each with an equal part of its weight. Stacks stand in an order of their own: the same sums give the
 * same bytes, wherever they come from.
 */
#ifndef VMPROF_TOOLS_MERGE_SUM_H
#define VMPROF_TOOLS_MERGE_SUM_H

#include <vmprof/vmpf.h>

#include "tools/analysis/view.h"

/* Writes view to fd. VMPF_OK, or what failed. */
vmpf_status merge_write_sum(const struct vmpt_view *view, int fd, struct vmpf_error *err);

#endif
