/* output.h: what changed, as text, JSON or CSV. */
#ifndef VMPROF_TOOLS_DIFF_OUTPUT_H
#define VMPROF_TOOLS_DIFF_OUTPUT_H

#include <stdbool.h>

#include "tools/analysis/difference.h"
#include "tools/common/app.h"

struct diff_request {
    const struct vmpt_difference *difference;
    const struct vmpt_app *before;
    bool normalise; /* shares are shown */
};

/* app: that of the profile after, whose output is written to. Each false: memory is short. */
bool diff_write_text(struct vmpt_app *app, const struct diff_request *request);
bool diff_write_data(struct vmpt_app *app, const struct diff_request *request);

#endif
