/* frame_tree.h: one or two views as one tree in which no two siblings look the same: what a flame graph draws.
 *
 * Siblings stand in the order of what they are called, so that the same profile always gives the same picture and two
 * profiles can be compared by eye.
 */
#ifndef VMPROF_TOOLS_CONVERT_FRAME_TREE_H
#define VMPROF_TOOLS_CONVERT_FRAME_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/functions.h"
#include "tools/analysis/memory.h"
#include "tools/analysis/view.h"

struct conv_frame_node {
    uint32_t parent;
    uint32_t frame;       /* in frames */
    uint32_t first_child; /* 0: none */
    uint32_t next;        /* sibling; 0: none */
    struct vmpt_cell total;
    struct vmpt_cell self;
    uint64_t before; /* weight of the total in the other view */
};

/* What a node is called and coloured by. */
struct conv_frame {
    struct vmpt_function function;
    uint8_t kind;  /* jit apart from py */
    uint32_t rank; /* its place in the order of names */
};

struct conv_frame_tree {
    struct conv_frame_node *nodes; /* node 0 is the root; a parent's index is the lower one */
    size_t node_count;
    size_t node_capacity;
    struct conv_frame *frames;
    size_t frame_count;
    size_t frame_capacity;
    uint64_t
        least_weight; /* what does not reach it in either view is left out with all that it calls */
    size_t left_out;  /* nodes of the views */
    size_t depth;
};

/* before: NULL, or the view to compare with. least_weight: of totals in both. False: memory is short;
 * conv_frame_tree_fini() may always be called after it. Lifetime: the profiles'. */
bool conv_frame_tree_init(struct conv_frame_tree *tree, const struct vmpt_view *view,
                          const struct vmpt_view *before, uint64_t least_weight);
void conv_frame_tree_fini(struct conv_frame_tree *tree);

#endif
