/* output.h: lines of source and what they came to, as text, JSON or CSV. */
#ifndef VMPROF_TOOLS_LINES_OUTPUT_H
#define VMPROF_TOOLS_LINES_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/analysis/line_table.h"
#include "tools/common/app.h"
#include "tools/lines/source.h"

struct lines_request {
    const struct vmpt_line_table *table;
    struct source_folders folders;
    uint32_t context;    /* lines of source around each that has samples; text only */
    bool whole_function; /* text: all lines from first_line to the last with samples */
    uint32_t first_line; /* 0: not known */
};

/* The shown rows' source stands beside them. False: memory is short. */
bool lines_write_text(struct vmpt_app *app, const struct lines_request *request);
/* For programs: JSON or CSV, as app's settings say. False: memory is short. */
bool lines_write_data(struct vmpt_app *app, const struct lines_request *request);

#endif
