/* difference.h: what each function came to before and after, and which differences are more than noise
 * (change.h).
 */
#ifndef VMPROF_TOOLS_ANALYSIS_DIFFERENCE_H
#define VMPROF_TOOLS_ANALYSIS_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/change.h"
#include "tools/analysis/function_table.h"
#include "tools/analysis/view.h"

struct vmpt_difference_row {
    struct vmpt_function function; /* as it is after; where it is gone, as it was */
    struct vmpt_change self;
    struct vmpt_change total;
    uint32_t depth; /* of a tree: below the root, */
    uint32_t node;  /* and which node of both trees it is */
};

struct vmpt_difference {
    struct vmpt_difference_row *rows; /* functions that differ */
    size_t count;
    size_t compared; /* functions in all */
    size_t significant;
};

/* before, after: views of two profiles of one metric. normalise: shares are compared. False: memory is short.
 * vmpt_difference_fini() may always be called after it. Lifetime of the strings: the profiles'. */
bool vmpt_difference_init(struct vmpt_difference *difference, const struct vmpt_view *before,
                          const struct vmpt_view *after, bool normalise);
void vmpt_difference_fini(struct vmpt_difference *difference);

/* The greatest difference first, of total or self; or by name. */
void vmpt_difference_sort(struct vmpt_difference *difference, enum vmpt_sort sort);

#endif
