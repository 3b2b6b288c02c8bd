/* pairs.h: the call trees of two views as one: what one path came to in either is one node.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_PAIRS_H
#define VMPROF_TOOLS_ANALYSIS_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/nodes.h"
#include "tools/analysis/view.h"

/* Of one node, by view. */
struct vmpt_pair {
    uint64_t self[2];
    uint64_t total[2];
    uint64_t jit[2]; /* of the total, what was a JIT's machine code */
};

/* A function that one of the views has, or both. */
struct vmpt_pair_function {
    uint32_t index
        [2]; /* in the profile's functions, or the view's hidden; VMPT_NO_FUNCTION: not there */
};

struct vmpt_pairs {
    const struct vmpt_view *views[2];
    struct vmpt_pair_function *functions; /* in the order of vmpt_compare_functions() */
    size_t function_count;
    struct vmpt_nodes
        nodes; /* the root, then parents before children; a key's function is one of those above */
    struct vmpt_pair *items; /* by node */
    size_t capacity;
};

/* What a path is. */
struct vmpt_pairs_shape {
    bool bottom_up; /* from the functions whose own code ran to their callers, as in call_tree.h */
    bool fold_recursion; /* equal neighbours of a path are one */
};

/* False: memory is short. vmpt_pairs_fini() may always be called after it. Lifetime: the views'. */
bool vmpt_pairs_init(struct vmpt_pairs *pairs, const struct vmpt_view *before,
                     const struct vmpt_view *after, const struct vmpt_pairs_shape *shape);
void vmpt_pairs_fini(struct vmpt_pairs *pairs);

/* The function of a node, kind and all: as it is after; where it is gone, as it was. Of the root, <all>. */
struct vmpt_function vmpt_pairs_function(const struct vmpt_pairs *pairs, size_t node);

#endif
