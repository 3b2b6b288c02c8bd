/* callgrind_text.h: the lines of callgrind's format, read into what costs something. */
#ifndef VMPROF_TOOLS_IMPORT_CALLGRIND_TEXT_H
#define VMPROF_TOOLS_IMPORT_CALLGRIND_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/functions.h"
#include "tools/import/made.h"
#include "tools/import/text_input.h"

#define CALLGRIND_NO_CALLEE UINT32_MAX

/* Where a function's cost goes to: a line of its own, or a call. Functions are those of callgrind_data. */
struct callgrind_way {
    uint32_t function;
    uint32_t code; /* the function, or its name in another file, whose code was inlined */
    uint32_t line; /* 0: not known */
    uint32_t callee;
    uint64_t cost; /* of the first event, at most INT64_MAX; of a call with all below it */
    size_t more;   /* of a line: where its costs of the other events are */
};

struct callgrind_data {
    struct vmpt_functions functions; /* by name and file; their lines are not in it */
    uint32_t *first_lines;           /* by function: where it was called at */
    size_t first_line_capacity;
    struct callgrind_way *ways;
    size_t way_count, way_capacity;
    uint64_t *more;
    size_t more_count, more_capacity;
    size_t event_count;             /* 0: none were said */
    uint64_t sums[VMPF_MAX_VALUES]; /* of lines, by event; at most INT64_MAX */
    uint64_t process_id;
};

/* Reads all of input. Its events are values of made, its command the program; what cannot be read is its damage. VMPF_E_IO,
 * VMPF_E_NOMEM, VMPF_E_LIMIT, VMPF_E_NOT_VMPROF. callgrind_data_fini() may always be called after it. */
vmpf_status callgrind_read(struct callgrind_data *data, struct text_input *input,
                           struct import_made *made, struct vmpf_error *err);
void callgrind_data_fini(struct callgrind_data *data);

#endif
