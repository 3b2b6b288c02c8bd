/* guides.h: the lines that show which row of a tree hangs on which.
 *
 * Only where a node has several callees that are shown do these move to the right: the only callee of a
 * row stands right below it, so that a stack of 60 frames fits a terminal.
 */
#ifndef VMPROF_TOOLS_TREE_GUIDES_H
#define VMPROF_TOOLS_TREE_GUIDES_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/analysis/call_tree.h"
#include "tools/common/buffer.h"

/* One level of a row. */
enum tree_guide {
    TREE_GUIDE_EMPTY, /* nothing more comes there */
    TREE_GUIDE_LINE,  /* passes by */
    TREE_GUIDE_FORK,  /* the row hangs here, and others below it */
    TREE_GUIDE_END,   /* the row hangs here, the last one */
};

struct tree_row {
    size_t node;
    size_t first_guide; /* in guides */
    size_t guide_count;
    bool is_cut; /* further levels stand to the left of these */
};

struct tree_rows {
    const struct vmpt_call_tree *tree;
    struct tree_row *items;
    size_t count;
    unsigned char *guides; /* enum tree_guide */
    bool utf8;
};

/* The rows that are shown, in preorder, with at most max_levels levels each. False: memory is short.
 * tree_rows_fini() may always be called after it. */
bool tree_rows_init(struct tree_rows *rows, const struct vmpt_call_tree *tree, size_t max_levels);
void tree_rows_fini(struct tree_rows *rows);

/* Adds what stands before the name of a row. */
void tree_rows_add_guides(const struct tree_rows *rows, const struct tree_row *row,
                          struct vmpt_buffer *out);

#endif
