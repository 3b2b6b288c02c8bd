/* callgrind_stacks.h: stacks that say what costs of lines and of calls say. */
#ifndef VMPROF_TOOLS_IMPORT_CALLGRIND_STACKS_H
#define VMPROF_TOOLS_IMPORT_CALLGRIND_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/import/callgrind_text.h"
#include "tools/import/made.h"

/* A part of what a line cost of the first event: [before, before + amount) of it. */
struct callgrind_sample {
    uint32_t stack;
    uint32_t way;
    uint64_t before, amount;
};

struct callgrind_stacks {
    struct callgrind_sample *items;
    size_t count, capacity;
};

/* Makes the functions of data, and stacks. All of each line's cost is in the samples. False: memory is short;
 * callgrind_stacks_fini() may always be called after it. */
bool callgrind_stacks_make(struct callgrind_stacks *stacks, const struct callgrind_data *data,
                           struct import_made *made);
void callgrind_stacks_fini(struct callgrind_stacks *stacks);

#endif
