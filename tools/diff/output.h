/* output.h: what changed, as text, JSON or CSV. */
#ifndef VMPROF_TOOLS_DIFF_OUTPUT_H
#define VMPROF_TOOLS_DIFF_OUTPUT_H

#include <stdbool.h>

#include "tools/analysis/difference.h"
#include "tools/analysis/tree_difference.h"
#include "tools/common/app.h"
#include "tools/common/tree_rows.h"

struct diff_request {
    const struct vmpt_difference *difference; /* of functions, */
    const struct vmpt_tree_difference *tree;  /* or of the tree: one of them is NULL */
    const struct vmpt_app *before;
    bool normalise;   /* shares are shown */
    size_t max_depth; /* what the tree was cut with */
    double min_share;
};

/* app: that of the profile after, whose output is written to. Each false: memory is short. */
bool diff_write_text(struct vmpt_app *app, const struct diff_request *request);
bool diff_write_data(struct vmpt_app *app, const struct diff_request *request);
bool diff_write_tree_text(struct vmpt_app *app, const struct diff_request *request);
bool diff_write_tree_data(struct vmpt_app *app, const struct diff_request *request);

/* The rows of a tree in the order of rows; to be freed. NULL: memory is short. */
struct vmpt_difference_row *diff_tree_rows(const struct vmpt_tree_difference *difference,
                                           const struct vmpt_tree_rows *rows);

#endif
