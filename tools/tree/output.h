/* output.h: a call tree as text, JSON or CSV. */
#ifndef VMPROF_TOOLS_TREE_OUTPUT_H
#define VMPROF_TOOLS_TREE_OUTPUT_H

#include <stdbool.h>

#include "tools/analysis/call_tree.h"
#include "tools/common/app.h"

/* Each writes the nodes of tree that are shown. False: memory is short. */
bool tree_write_text(struct vmpt_app *app, const struct vmpt_call_tree *tree,
                     const struct vmpt_tree_options *made_with);
bool tree_write_csv(struct vmpt_app *app, const struct vmpt_call_tree *tree);
bool tree_write_json(struct vmpt_app *app, const struct vmpt_call_tree *tree);

#endif
