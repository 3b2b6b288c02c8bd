/* tree_json.h: a tree as JSON. A stack may be a million frames deep, so nothing here recurses, and no node is indented.
 *
 * A document is what vmpt_tree_json_begin() writes, more members, then vmpt_tree_json_root().
 */
#ifndef VMPROF_TOOLS_COMMON_TREE_JSON_H
#define VMPROF_TOOLS_COMMON_TREE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/analysis/call_tree.h"
#include "tools/common/app.h"

void vmpt_tree_json_begin(struct vmpt_output *output, const char *schema);

/* Each false: memory is short. */

/* One more member; takes the reference, of which there is none where memory was short. */
bool vmpt_tree_json_member(struct vmpt_output *output, const char *key, json_t *value);
/* The nodes of tree that are shown, as the member `root`, and the document's end. open writes a node up to what comes
 * before its children: vmpt_tree_json_function(), and its numbers. */
bool vmpt_tree_json_root(struct vmpt_output *output, const struct vmpt_call_tree *tree,
                         bool (*open)(struct vmpt_output *output, const void *ctx, size_t node),
                         const void *ctx);
/* The brace of a node, and what its function is. */
bool vmpt_tree_json_function(struct vmpt_output *output, const struct vmpt_function *function);

#endif
