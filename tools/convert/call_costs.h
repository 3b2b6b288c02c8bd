/* call_costs.h: a view as callgrind wants it: what each line of each function cost, and each call from it.
 *
 * A stack counts once for a function, however often it recurs: what a call cost with all below it goes to the call into the
 * outermost frame, so that what comes into a function adds up to its total.
 */
#ifndef VMPROF_TOOLS_CONVERT_CALL_COSTS_H
#define VMPROF_TOOLS_CONVERT_CALL_COSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/view.h"

#define CONV_NO_CALLEE UINT32_MAX

struct conv_cost {
    uint32_t function; /* of the view */
    uint32_t line;
    uint32_t callee; /* CONV_NO_CALLEE: the line's own cost */
    uint64_t weight;
    uint64_t samples; /* of a call; at least 1 */
};

struct conv_costs {
    struct conv_cost *items; /* by function, then line, own costs before calls, then callee */
    size_t count;
    size_t capacity;
};

/* False: memory is short; conv_costs_fini() may always be called after it. */
bool conv_costs_init(struct conv_costs *costs, const struct vmpt_view *view);
/* The number of a made-up function that calls the roots of all stacks, where that is needed. */
uint32_t conv_costs_root(const struct vmpt_view *view);
void conv_costs_fini(struct conv_costs *costs);

#endif
