/* label_list.h: the values of --label while they are given, one by one: KEY or KEY=RE. */
#ifndef VMPROF_TOOLS_COMMON_LABEL_LIST_H
#define VMPROF_TOOLS_COMMON_LABEL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/analysis/labels.h"
#include "tools/common/options.h"

/* All zero: empty. Keys and expressions are the list's. */
struct vmpt_label_list {
    struct vmpt_label_pattern *items;
    size_t count;
    size_t capacity;
    unsigned key_count; /* keys that differ */
};

/* False: see why; the list is as it was. */
bool vmpt_label_list_add(struct vmpt_label_list *list, const char *value, struct vmpt_refusal *why);
void vmpt_label_list_fini(struct vmpt_label_list *list);

#endif
