#include "tools/tree/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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
    struct tree_options *options = target;
    char *end = NULL;
    errno = 0;
    unsigned long long depth = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || errno || depth > SIZE_MAX) {
        (void)snprintf(why->text, sizeof(why->text), "'%.60s' is not a depth; give 0 for all",
                       value);
        return false;
    }
    options->max_depth = (size_t)depth;
    return true;
}

/* `2%`, or `0.02`. */
static bool set_min_share(void *target, const char *value, struct vmpt_refusal *why)
{
    struct tree_options *options = target;
    char *end = NULL;
    bool starts_well = (value[0] >= '0' && value[0] <= '9') || value[0] == '.';
    double share = strtod(value, &end);
    if (starts_well && end != value && strcmp(end, "%") == 0) {
        share /= 100;
        end++;
    }
    if (!starts_well || end == value || *end || !(share >= 0 && share <= 1)) {
        (void)snprintf(why->text, sizeof(why->text),
                       "'%.60s' is not a share; give 2%% or 0.02, and 0 for all", value);
        return false;
    }
    options->has_min_share = true;
    options->min_share = share;
    return true;
}

static bool set_group(void *target, const char *value, struct vmpt_refusal *why)
{
    struct tree_options *options = target;
    if (strcmp(value, "thread") == 0) {
        options->group = VMPT_GROUP_THREADS;
    } else if (strcmp(value, "process") == 0) {
        options->group = VMPT_GROUP_PROCESSES;
    } else {
        (void)snprintf(why->text, sizeof(why->text), "'%.60s' is neither thread nor process",
                       value);
        return false;
    }
    return true;
}

static const struct vmpt_option own_options[] = {
    {"bottom-up", 'b', NULL, "from the functions whose own code ran to their callers",
     set_bottom_up},
    {"by", 0, "WHAT", "a tree for each thread or process", set_group},
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
