/* tree_difference.h: where in the call tree two profiles differ: their trees as one, by path, of which only what
 * differs is kept, and what leads there.
 *
 * Each place is compared by its self and by its total, and all of them are what the rate of false discoveries is of
 * (change.h), shown or not. Which are shown: those first that differ, or lead to what differs, the most.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_TREE_DIFFERENCE_H
#define VMPROF_TOOLS_ANALYSIS_TREE_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/call_tree.h"
#include "tools/analysis/difference.h"
#include "tools/analysis/pairs.h"
#include "tools/analysis/view.h"

struct vmpt_tree_difference_options {
    bool normalise;
    struct vmpt_pairs_shape shape;
    bool significant;    /* only what is, and what leads there */
    size_t limit;        /* nodes shown, the root not counted; 0: all */
    size_t max_depth;    /* the root's children have depth 1; 0: all */
    double min_share;    /* nodes with less of the total, both before and after, are not shown */
    enum vmpt_sort sort; /* of the children of a node */
};

struct vmpt_tree_difference {
    /* What is shown: the shape alone; what its nodes are and weigh is in rows. What is not shown is counted, and weighs
     * nothing. */
    struct vmpt_call_tree tree;
    struct vmpt_difference_row *rows; /* by node of the tree; the root first */
    size_t row_capacity;
    size_t compared; /* nodes in all, the root not counted where shares are compared */
    size_t significant;
};

/* before, after: views of two profiles of one metric. False: memory is short. vmpt_tree_difference_fini() may always be
 * called after it. Lifetime of the strings: the profiles'. */
bool vmpt_tree_difference_init(struct vmpt_tree_difference *difference,
                               const struct vmpt_view *before, const struct vmpt_view *after,
                               const struct vmpt_tree_difference_options *options);
void vmpt_tree_difference_fini(struct vmpt_tree_difference *difference);

#endif
