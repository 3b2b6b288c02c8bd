/* settle.h: memory that does not grow with the stacks of a profile, for those who want to know of functions only.
 *
 * What a function came to is a sum over stacks. So when there are many nodes they are viewed, what each function came to is
 * kept, and the nodes are let go. Of a profile of fewer stacks nothing is settled, and its nodes are all there.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_SETTLE_H
#define VMPROF_TOOLS_ANALYSIS_SETTLE_H

#include "tools/analysis/function_table.h"
#include "tools/analysis/profile.h"

struct vmpt_settled {
    struct vmpt_function_row *rows; /* by function; only the numbers are there */
    size_t capacity;
    size_t count;
    struct vmpt_function_row hidden;
    bool has_virtual; /* some stack had a virtual frame */
    size_t next;      /* nodes that there must be before it is tried again */
};

/* Lets the nodes go if there are enough. *gone: there is but the root. Which frames are shown has to be known: while no
 * frame was virtual, and native ones were not asked for, that is not, and nothing is let go. False: memory is short. */
bool vmpt_profile_settle(struct vmpt_profile *profile, const struct vmpt_frame_filter *filter,
                         bool *gone);
/* Adds what was settled to rows, of as many functions as the view has, and <hidden>. */
void vmpt_settled_add(const struct vmpt_settled *settled, const struct vmpt_view *view,
                      struct vmpt_function_row *rows);
void vmpt_settled_free(struct vmpt_settled *settled);

#endif
