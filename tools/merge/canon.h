/* canon.h: a view as a tree whose shape and order depend on what it says and on nothing else.
 */
#ifndef VMPROF_TOOLS_MERGE_CANON_H
#define VMPROF_TOOLS_MERGE_CANON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/nodes.h"
#include "tools/analysis/view.h"

struct merge_canon {
    struct vmpt_nodes nodes; /* equal siblings are one; functions are those of the profile */
    uint32_t *order; /* all nodes but the root: callers before callees, siblings by what they are */
    size_t count;
};

/* False: memory is short. merge_canon_fini() may always be called after it. What is hidden counts in the root. */
bool merge_canon_init(struct merge_canon *canon, const struct vmpt_view *view);
void merge_canon_fini(struct merge_canon *canon);

#endif
