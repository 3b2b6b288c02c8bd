/* call_tree_private.h: what the making of a tree is divided into. */
#ifndef VMPROF_TOOLS_ANALYSIS_CALL_TREE_PRIVATE_H
#define VMPROF_TOOLS_ANALYSIS_CALL_TREE_PRIVATE_H

#include "tools/analysis/call_tree.h"

/* A frame of the view that a node of the tree stands for. */
struct vmpt_tree_item {
    uint32_t frame; /* node of the view */
    uint32_t leaf;  /* bottom up: the frame whose self weight it is about */
};

/* An item, and which child of the node that is opened it belongs to. */
struct vmpt_tree_entry {
    struct vmpt_tree_item item;
    uint32_t child;
};

struct vmpt_tree_build {
    struct vmpt_call_tree *tree;
    const struct vmpt_view *view;
    const struct vmpt_tree_options *options;
    uint32_t *callers;            /* bottom up: by node of the view */
    struct vmpt_tree_item *items; /* of all nodes that were made; a node has a range */
    size_t item_count;
    size_t item_capacity;
    struct vmpt_tree_entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    uint32_t *child_of; /* by function: its child of the node that is opened, */
    uint32_t *opened;   /* if this is the number of that node, plus 1 */
    uint32_t *heap;     /* nodes that may be shown, the heaviest first */
    size_t heap_count;
    size_t heap_capacity;
};

/* call_tree_open.c: makes the children of a node, in order. False: memory is short. */
bool vmpt_tree_open(struct vmpt_tree_build *build, uint32_t node);

#endif
