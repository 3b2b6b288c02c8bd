/* tree_options.h: values of options that cut a tree.
 */
#ifndef VMPROF_TOOLS_COMMON_TREE_OPTIONS_H
#define VMPROF_TOOLS_COMMON_TREE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/common/options.h"

/* Nodes of less of the total are not shown in text, unless the user says otherwise. */
#define VMPT_TREE_TEXT_MIN_SHARE 0.01

/* What people cut off a tree. */
struct vmpt_tree_cut {
    size_t max_depth; /* 0: all */
    bool has_min_share;
    double min_share; /* of the profile's total */
};

/* Each takes the value of an option. False: see why. */
bool vmpt_tree_cut_depth(struct vmpt_tree_cut *cut, const char *value, struct vmpt_refusal *why);
/* `2%`, or `0.02`. */
bool vmpt_tree_cut_min_share(struct vmpt_tree_cut *cut, const char *value,
                             struct vmpt_refusal *why);

#endif
