/* call_tree.h: a view as the tree that people look at: what one function cost at one place is one node, however many
 * stacks lead there.
 *
 * From the outside in, a node's children are what it called; bottom up, the root's children are the functions whose
 * own code ran, with their self weights, and a node's children are its callers. In both, a node's self and the totals
 * of its children sum to its total.
 *
 * Which nodes are shown: the heaviest first, so that a node is shown only where its parent is. What is not shown is counted.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_CALL_TREE_H
#define VMPROF_TOOLS_ANALYSIS_CALL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/function_table.h"
#include "tools/analysis/view.h"

#define VMPT_TREE_ROOT UINT32_MAX /* the function of the root, which is made up */

struct vmpt_tree_options {
    bool bottom_up;
    bool fold_recursion; /* equal neighbours of a stack are one frame */
    size_t limit;        /* nodes shown, the root not counted; 0: all */
    size_t max_depth;    /* the root's children have depth 1; 0: all */
    uint64_t min_weight; /* nodes of less are not shown */
    enum vmpt_sort sort; /* of the children of a node */
};

struct vmpt_tree_node {
    uint32_t function; /* index in the profile's functions, the view's hidden, or VMPT_TREE_ROOT */
    uint32_t depth;
    uint32_t parent;
    uint32_t first_child; /* the children stand together, in order; those that are not shown, too */
    uint32_t child_count;
    bool shown;
    struct vmpt_cell self;
    struct vmpt_cell total;
    uint64_t jit_weight; /* of the total, what was a JIT's machine code */
    size_t first_item;   /* used while the tree is made */
    size_t item_count;
};

/* Branches that are not shown, and what they weigh together. */
struct vmpt_tree_rest {
    size_t count;
    uint64_t weight;
};

struct vmpt_call_tree {
    const struct vmpt_view *view;
    struct vmpt_tree_node *nodes; /* the root first, parents before children */
    size_t count;
    size_t capacity;
    size_t shown;                /* the root not counted */
    struct vmpt_tree_rest light; /* below min_weight */
    struct vmpt_tree_rest deep;  /* below max_depth */
    struct vmpt_tree_rest other; /* over the limit */
};

/* False: memory is short. vmpt_call_tree_fini() may always be called after it. Lifetime: view's. */
bool vmpt_call_tree_init(struct vmpt_call_tree *tree, const struct vmpt_view *view,
                         const struct vmpt_tree_options *options);
void vmpt_call_tree_fini(struct vmpt_call_tree *tree);

/* The node that is shown next, in preorder, or SIZE_MAX after the last. */
size_t vmpt_call_tree_next(const struct vmpt_call_tree *tree, size_t node);
/* The function of a node, kind and all; of the root, <all>. */
struct vmpt_function vmpt_call_tree_function(const struct vmpt_call_tree *tree, size_t node);

#endif
