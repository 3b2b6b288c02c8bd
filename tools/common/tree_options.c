#include "tools/common/tree_options.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool vmpt_tree_cut_depth(struct vmpt_tree_cut *cut, const char *value, struct vmpt_refusal *why)
{
    char *end = NULL;
    errno = 0;
    unsigned long long depth = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || errno || depth > SIZE_MAX) {
        (void)snprintf(why->text, sizeof(why->text), "'%.60s' is not a depth; give 0 for all",
                       value);
        return false;
    }
    cut->max_depth = (size_t)depth;
    return true;
}

bool vmpt_tree_cut_min_share(struct vmpt_tree_cut *cut, const char *value, struct vmpt_refusal *why)
{
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
    cut->has_min_share = true;
    cut->min_share = share;
    return true;
}
