#include "tools/tree/options.h"

#include <stdio.h>
#include <string.h>

static bool set_bottom_up(void *target, const char *value, struct vmpt_refusal *why)
{
    struct tree_options *options = target;
    (void)value;
    (void)why;
    options->bottom_up = true;
    return true;
}

static bool set_fold(void *target, const char *value, struct vmpt_refusal *why)
{
    struct tree_options *options = target;
    (void)value;
    (void)why;
    options->fold_recursion = true;
    return true;
}

static bool set_depth(void *target, const char *value, struct vmpt_refusal *why)
{
    return vmpt_tree_cut_depth(&((struct tree_options *)target)->cut, value, why);
}

static bool set_min_share(void *target, const char *value, struct vmpt_refusal *why)
{
    return vmpt_tree_cut_min_share(&((struct tree_options *)target)->cut, value, why);
}

static bool set_group(void *target, const char *value, struct vmpt_refusal *why)
{
    struct tree_options *options = target;
    options->group_label = NULL;
    if (strcmp(value, "thread") == 0) {
        options->group = VMPT_GROUP_THREADS;
    } else if (strcmp(value, "process") == 0) {
        options->group = VMPT_GROUP_PROCESSES;
    } else if (strncmp(value, "label:", 6) == 0 && value[6]) {
        options->group = VMPT_GROUP_LABELS;
        options->group_label = value + 6;
    } else {
        (void)snprintf(why->text, sizeof(why->text),
                       "'%.60s' is neither thread nor process nor label:KEY", value);
        return false;
    }
    return true;
}

static const struct vmpt_option own_options[] = {
    {"bottom-up", 'b', NULL, "from the functions whose own code ran to their callers",
     set_bottom_up},
    {"by", 0, "WHAT:thread|process|label:state|...",
     "a tree for each thread, process, or value of a label\n(label:KEY)", set_group},
    {"depth", 'd', "N", "show N levels; 0: all (the default)", set_depth},
    {"min-share", 0, "SHARE",
     "leave out what has less of the total: 2%, 0.02\n"
     "(default: 1% in text, 0 in json and csv)",
     set_min_share},
    {"fold-recursion", 0, NULL, "a function that calls itself is one node", set_fold},
};

struct vmpt_option_group tree_option_group(struct tree_options *options)
{
    struct vmpt_option_group group = {
        .title = "The tree:",
        .options = own_options,
        .count = sizeof(own_options) / sizeof(own_options[0]),
        .target = options,
    };
    return group;
}
