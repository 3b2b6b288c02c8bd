/* tree_rows.h: the lines that show which row of a tree hangs on which.
 *
 * Only where a node has several callees that are shown do these move to the right: the only callee of a
 * row stands right below it, so that a stack of 60 frames fits a terminal.
 */
#ifndef VMPROF_TOOLS_COMMON_TREE_ROWS_H
#define VMPROF_TOOLS_COMMON_TREE_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/analysis/call_tree.h"
#include "tools/common/buffer.h"
#include "tools/common/table.h"

/* One level of a row. */
enum vmpt_tree_guide {
    VMPT_GUIDE_EMPTY, /* nothing more comes there */
    VMPT_GUIDE_LINE,  /* passes by */
    VMPT_GUIDE_FORK,  /* the row hangs here, and others below it */
    VMPT_GUIDE_END,   /* the row hangs here, the last one */
};

struct vmpt_tree_row {
    size_t node;
    size_t first_guide; /* in guides */
    size_t guide_count;
    bool is_cut; /* further levels stand to the left of these */
};

struct vmpt_tree_rows {
    const struct vmpt_call_tree *tree;
    struct vmpt_tree_row *items;
    size_t count;
    unsigned char *guides; /* enum vmpt_tree_guide */
    bool utf8;
};

/* The rows that are shown, in preorder, with at most max_levels levels each. False: memory is short.
 * vmpt_tree_rows_fini() may always be called after it. */
bool vmpt_tree_rows_init(struct vmpt_tree_rows *rows, const struct vmpt_call_tree *tree,
                         size_t max_levels);
void vmpt_tree_rows_fini(struct vmpt_tree_rows *rows);

/* Adds what stands before the name of a row. */
void vmpt_tree_rows_add_guides(const struct vmpt_tree_rows *rows, const struct vmpt_tree_row *row,
                               struct vmpt_buffer *out);

/* How many levels there is room for: a terminal gives a level its two columns in as many of its own. */
size_t vmpt_tree_levels(const struct vmpt_text_look *look);

/* Adds a bar of a share, `columns` wide for all of it: in eighths of a column where the characters are there, else in
 * whole ones. */
void vmpt_tree_add_bar(struct vmpt_buffer *out, double share, unsigned columns, bool utf8);

#endif
