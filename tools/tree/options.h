/* options.h: the options of vmprof-tree alone. */
#ifndef VMPROF_TOOLS_TREE_OPTIONS_H
#define VMPROF_TOOLS_TREE_OPTIONS_H

#include <stdbool.h>

#include "tools/analysis/profile.h"
#include "tools/common/options.h"
#include "tools/common/tree_options.h"

struct tree_options {
    bool bottom_up;
    bool fold_recursion;
    struct vmpt_tree_cut cut;
    enum vmpt_group group;
    const char *group_label; /* with VMPT_GROUP_LABELS */
};

/* The group of these options; its target is options. */
struct vmpt_option_group tree_option_group(struct tree_options *options);

#endif
