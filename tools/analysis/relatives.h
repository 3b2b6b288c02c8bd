/* relatives.h: one function of a view: who calls it, what it calls, and all that runs below it.
 *
 * A caller's total is what the stacks come to in which it calls the function, each stack once, however
 * often it does so there; its self is what the function's own code cost when it was called from there. A
 * callee's total and self are the callee's, called by the function. Descendants are the functions below
 * the outermost frame of the function, each once a stack, the function itself left out: what
 * Stats.function_profile() of the Python package gives.
 *
 * So the self of the function and those of its descendants sum to its total.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_RELATIVES_H
#define VMPROF_TOOLS_ANALYSIS_RELATIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/function_table.h"
#include "tools/analysis/view.h"

struct vmpt_relatives {
    struct vmpt_function_table callers;
    struct vmpt_function_table callees;
    struct vmpt_function_table descendants;
};

/* Of the function with this index, or the view's hidden. False: memory is short. vmpt_relatives_fini()
 * may always be called after it. Lifetime: the profile's. */
bool vmpt_relatives_init(struct vmpt_relatives *relatives, const struct vmpt_view *view,
                         uint32_t function);
void vmpt_relatives_fini(struct vmpt_relatives *relatives);

#endif
