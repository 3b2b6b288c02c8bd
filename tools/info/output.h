/* output.h: what was found, as text, CSV or JSON. */
#ifndef VMPROF_TOOLS_INFO_OUTPUT_H
#define VMPROF_TOOLS_INFO_OUTPUT_H

#include "tools/common/app.h"
#include "tools/info/cells.h"

/* What to show instead of the sessions and the sums of their blocks. */
struct info_options {
    bool blocks;
    bool columns; /* with blocks: those of each block */
    bool verify;
};

/* app->profile may be NULL: JSON then has null for it. False: memory is short. */
bool info_write(struct vmpt_app *app, const struct info_options *options,
                const struct info_rows *rows);

/* The whole document (json.c). */
json_t *info_json(struct vmpt_app *app, const struct info_rows *rows);

#endif
